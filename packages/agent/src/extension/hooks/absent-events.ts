/** Events of other agents whose moment does not exist here, each with the reason that a person is given. */
export const absentEvents: Readonly<Record<string, string>> = {
  Setup: "there is no setup run",
  MessageDisplay: "what is shown is what the model said",
  TaskCreated: "the task list is written as a whole, and its entries have no names to be told by",
  TaskCompleted: "the task list is written as a whole, and its entries have no names to be told by",
  TeammateIdle: "there are no teams of agents",
  ConfigChange: "settings are read when a session begins, and changes wait for the next one",
  CwdChanged: "a session stays in its folder",
  DirectoryAdded: "folders are opened when a session begins",
  FileChanged: "nothing watches files",
  WorktreeCreate: "the keeper makes worktrees itself, before any hook may run",
  WorktreeRemove: "worktrees are removed outside of sessions",
  BeforeModel: "what a model is sent is decided by the airlock alone",
  AfterModel: "what a model is sent is decided by the airlock alone",
  BeforeToolSelection: "all tools are offered always, so that the beginning of a prompt never changes",
};
