// Package lookup does by command what guides for the set-up of Power BI do by hand in the
// portal: find the ids of workspaces and models, see who has which role, and give a role.
//
// It acts as the person who is signed in, who needs the rights for it: any role to read, and
// the role Admin of the workspace to grant. A grant shows what it is about to do and asks
// first. It changes one entry of one workspace's access list, and nothing else.
//
// The calls are documented in Power BI's REST reference: Get Groups, Get Datasets In Group, Get
// Group Users, Add Group User, Update Group User.
//
// # Not guaranteed
//
// A role may take minutes to be in force (documented: Get Group Users, Limitations).
package lookup
