// Package messenger is the port to the place where the chats live. It names what Rollcall
// asks of a messenger in words that fit every protocol; the adapter for VK is in vk/.
//
// An adapter declares what its protocol can do (Features); callers ask, and never test for
// a vendor. Vendor errors are mapped to Codes before they leave an adapter, because vendors
// echo request parameters and an error may end up in a workflow's history.
package messenger
