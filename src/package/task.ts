/** `millrace/task`: what task files and definitions of tasks import. It has no dependencies at run time. */
export { defineTask } from '../tasks/define.ts';
export type { LogLevel, TaskContext, TaskDefinition, TaskHandler } from '../tasks/types.ts';
