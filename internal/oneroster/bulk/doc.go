// Package bulk reads the files of a OneRoster 1.2 CSV bulk export, in a folder or a zip, and
// finds out whether they are whole: nothing cut off, nothing missing, nothing that another
// format left there. It knows files, columns and rows; what they mean is for package
// oneroster. Package linkfile reads its one file with it too.
//
// A file set that cannot be relied on is a BadReadError, and never half an answer.
package bulk
