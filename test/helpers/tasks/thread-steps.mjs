import { handler } from './steps.mjs';

/** The same in a thread. */
export default { thread: true, handler };
