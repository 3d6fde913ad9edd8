/** For programs of the system that we run outside of every cell: a person's own `PATH` may lead into the project. */
export const SYSTEM_PATH = "/usr/bin:/bin:/run/current-system/sw/bin";
