/** As `uncaught`, in a thread. */
import handler from './uncaught.mjs';

export default { thread: true, handler };
