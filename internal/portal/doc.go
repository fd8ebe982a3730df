// Package portal is the port to the Portal, the place where people link their portal identity to their
// messenger account and where they find the links to their chats and video calls.
//
// Package rest is the adapter for the interface of docs/portal-api.md, package linkfile reads account links
// from a file. Nothing outside an adapter knows how its Portal is spoken to.
package portal
