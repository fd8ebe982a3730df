package main

import (
	"github.com/rollcall-edu/rollcall/internal/config"
	"github.com/rollcall-edu/rollcall/internal/portal"
)

// howToConfigure says which settings there are; the workers need the same.
const howToConfigure = "set " + config.EnvPortalURL + " and " + config.EnvPortalKeyFile + ", or " + config.EnvLinksFile +
	" for a file with account links, here and for the workers"

// portalWords say what is wrong with the Portal, portalAdvice what to do where it has not been said.
var portalWords = map[portal.Code]string{
	portal.CodeUnavailable: "it does not answer as it should",
	portal.CodeRateLimited: "it is asked too much",
	portal.CodeRefused:     "it does not take the key",
	portal.CodeClock:       "its clock and this machine's are too far apart",
	portal.CodeUnknown:     "it does not know the school",
	portal.CodeShared:      "another school is called the same there",
	portal.CodeBadRequest:  "it does not understand what it is asked",
	portal.CodeIncomplete:  "what was read cannot be relied on",
}

var portalAdvice = map[portal.Code]string{
	portal.CodeUnavailable: "it is tried again by itself; if it stays so, ask whoever runs the Portal",
	portal.CodeRateLimited: "it is tried again by itself, more slowly",
	portal.CodeRefused:     "check the file of " + config.EnvPortalKeyFile + ", or have the Portal issue another key",
	portal.CodeClock:       "have this machine's clock set by NTP",
	portal.CodeUnknown:     "have the school entered there, or say what it is called there: rollcall school add … --portal-id",
	portal.CodeShared:      "say what each school is called there: rollcall school add … --portal-id",
	portal.CodeBadRequest:  "compare the Portal's version of the interface with docs/portal-api.md",
	portal.CodeIncomplete:  "nothing was changed; have it mended where the links come from, and read again",
}

var linksSourceWords = map[linksSource]string{
	linksPortal:  "the Portal",
	linksFile:    "a file, in place of the Portal's",
	linksNowhere: "nowhere: " + howToConfigure,
}
