/** Without a schema, so that what checks names alone needs no library. */
export const TASK_NAME_PATTERN = '^[A-Za-z0-9][A-Za-z0-9_.:/-]{0,127}$';

/** What the name of a task has to look like, for descriptions and faults. */
export const TASK_NAME_FORM =
  '1 to 128 characters: letters, digits, "_", ".", ":", "/" and "-". The first is a letter or digit.';
