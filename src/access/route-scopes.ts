import type { Scope } from '../schemas/keys/scope.ts';

/**
 * Which queue a route is about, and who asks whether the caller has its scope there:
 *
 * - `path`, `job`, `lease`: the queue in the path, that of the job, those of the lease. Asked before the body is read.
 * - `body`, `stored`: named in the body, or stored in Redis. The handler asks.
 * - `some`: the answer holds only what the caller may see. The handler asks.
 * - `all`: the scope must hold for all queues.
 */
export type QueueIn = 'path' | 'job' | 'lease' | 'body' | 'stored' | 'some' | 'all';

export interface RouteAccess {
  /** `any`: every valid key will do. `none`: no key is needed. */
  readonly scope: Scope | 'any' | 'none';
  readonly queue: QueueIn;
  /** A browser that asks for a page needs no key here: it gets one without data. */
  readonly hasPage?: true;
}

/** What each route needs, by its operationId. A route that is not listed does not start. */
export const ROUTE_SCOPES: Readonly<Record<string, RouteAccess>> = {
  submitJob: { scope: 'submit', queue: 'body' },
  submitBatch: { scope: 'submit', queue: 'body' },
  findJobs: { scope: 'read', queue: 'some' },
  getJob: { scope: 'read', queue: 'job' },
  getJobLog: { scope: 'read', queue: 'job' },
  streamJobEvents: { scope: 'read', queue: 'job' },
  cancelJob: { scope: 'manage', queue: 'job' },
  retryJob: { scope: 'manage', queue: 'job' },
  removeJob: { scope: 'manage', queue: 'job' },
  changeJob: { scope: 'manage', queue: 'job' },
  rerunJob: { scope: 'manage', queue: 'job' },

  takeJobs: { scope: 'work', queue: 'body' },
  renewLease: { scope: 'work', queue: 'lease' },
  settleJobs: { scope: 'work', queue: 'lease' },
  completeJob: { scope: 'work', queue: 'job' },
  failJob: { scope: 'work', queue: 'job' },
  releaseJob: { scope: 'work', queue: 'job' },
  reportProgress: { scope: 'work', queue: 'job' },
  saveCheckpoint: { scope: 'work', queue: 'job' },
  appendLog: { scope: 'work', queue: 'job' },
  announceTask: { scope: 'work', queue: 'path' },
  forgetTask: { scope: 'work', queue: 'path' },
  listTasks: { scope: 'read', queue: 'some' },
  listWorkers: { scope: 'read', queue: 'some' },
  getWorker: { scope: 'read', queue: 'some' },
  drainWorker: { scope: 'manage', queue: 'some' },

  listQueues: { scope: 'read', queue: 'some' },
  getQueue: { scope: 'read', queue: 'path' },
  getQueueStats: { scope: 'read', queue: 'path' },
  listJobs: { scope: 'read', queue: 'path' },
  listQueueKeys: { scope: 'read', queue: 'path' },
  listPending: { scope: 'read', queue: 'path' },
  listAllPending: { scope: 'read', queue: 'some' },
  cancelJobs: { scope: 'manage', queue: 'path' },
  configureQueue: { scope: 'manage', queue: 'path' },
  removeQueue: { scope: 'manage', queue: 'path' },
  retryDead: { scope: 'manage', queue: 'path' },
  purgeDead: { scope: 'manage', queue: 'path' },
  pauseQueue: { scope: 'manage', queue: 'path' },
  resumeQueue: { scope: 'manage', queue: 'path' },

  putSchedule: { scope: 'manage', queue: 'body' },
  getSchedule: { scope: 'read', queue: 'stored' },
  removeSchedule: { scope: 'manage', queue: 'stored' },
  pauseSchedule: { scope: 'manage', queue: 'stored' },
  resumeSchedule: { scope: 'manage', queue: 'stored' },
  runSchedule: { scope: 'manage', queue: 'stored' },
  previewSchedule: { scope: 'read', queue: 'stored' },
  previewNewSchedule: { scope: 'read', queue: 'some' },
  listSchedules: { scope: 'read', queue: 'some' },

  streamQueueEvents: { scope: 'read', queue: 'path' },
  streamEvents: { scope: 'read', queue: 'some' },
  listHistory: { scope: 'read', queue: 'path' },
  listSubscriptions: { scope: 'read', queue: 'path' },
  getSubscription: { scope: 'read', queue: 'path' },
  readSubscription: { scope: 'read', queue: 'path' },
  ackSubscription: { scope: 'read', queue: 'path' },
  putSubscription: { scope: 'manage', queue: 'path' },
  removeSubscription: { scope: 'manage', queue: 'path' },

  createKey: { scope: 'admin', queue: 'all' },
  listKeys: { scope: 'admin', queue: 'all' },
  removeKey: { scope: 'admin', queue: 'all' },
  listAudit: { scope: 'admin', queue: 'all' },

  getMetrics: { scope: 'read', queue: 'all' },
  getHome: { scope: 'any', queue: 'some', hasPage: true },
  getLlmsText: { scope: 'none', queue: 'some' },
  getDashboard: { scope: 'none', queue: 'some' },
  getProblem: { scope: 'none', queue: 'some' },
  getDashboardFile: { scope: 'none', queue: 'some' },
  getLiveness: { scope: 'none', queue: 'some' },
  getReadiness: { scope: 'none', queue: 'some' },
};

/** A path without a route, a method that a path does not have, and the pages of the documentation: no queue is seen there. */
export const UNLISTED: RouteAccess = { scope: 'any', queue: 'some' };
