/**
 * Whether a request may act on a queue; false: what is there does not exist for it.
 *
 * @throws {AppError} forbidden, for a queue that the request may see but not act on.
 */
export type QueueGuard = (queue: string) => boolean;

/** Of requests that may act everywhere, and of the service itself. */
export const EVERY_QUEUE: QueueGuard = () => true;
