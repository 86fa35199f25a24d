import type { FastifyReply, FastifyRequest, RouteOptions } from 'fastify';
import fastifyPlugin from 'fastify-plugin';
import { AuditLog } from '../../audit/audit-log.ts';
import { type AuditRange, readAudit } from '../../audit/read-audit.ts';
import type { AuditRecord } from '../../audit/record.ts';
import { invalidRequest } from '../../errors.ts';
import type { AuditedCall, AuditPage, AuditQuery } from '../../schemas/audit/audit.ts';
import { clip } from '../../schemas/json/well-formed.ts';
import type { Fault } from '../../schemas/problem.ts';
import { timeMs, toTimestamp } from '../../schemas/values/timestamp.ts';
import { routeOf } from '../request/route.ts';
import { inRealIds } from './hidden-jobs.ts';

/** The longest text of a client that is kept. */
const MAX_TARGET = 200;
const DEFAULT_LIMIT = 100;

/** What a call has made, where its path does not name it. */
const targets = new WeakMap<FastifyRequest, string>();
/** Refused calls are told by the error that refuses them. */
const refused = new WeakSet<FastifyRequest>();

/** Names what a call has made, for the audit. */
export const nameTarget = (request: FastifyRequest, target: string): void =>
  void targets.set(request, target);

/** Calls that manage, and refused calls, as the audit keeps them. Other calls cost nothing. */
export const auditPlugin = fastifyPlugin<{ max: number }>(
  async (app, { max }) => {
    const log = new AuditLog(app.core, max);
    app.decorate('auditRefusal', (request, status) => {
      refused.add(request);
      log.refused(recordOf(request, status));
    });
    app.decorate('listAudit', async (query) => {
      const { items, nextCursor } = await readAudit(app.core, rangeOf(query));
      return { items: items.map(view), ...(nextCursor !== undefined && { nextCursor }) };
    });
    const watch = async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
      if (!refused.has(request)) log.managed(recordOf(request, reply.statusCode));
    };
    app.addHook('onRoute', (route: RouteOptions) => {
      const scope = route.config?.access?.scope;
      if (scope !== 'manage' && scope !== 'admin') return;
      route.onResponse = [route.onResponse ?? [], watch].flat();
    });
    app.addHook('onClose', () => log.stop());
  },
  { name: 'audit', dependencies: ['core', 'door'] },
);

const recordOf = (request: FastifyRequest, status: number): AuditRecord => ({
  key: request.caller.id,
  address: request.ip,
  method: request.method,
  route: routeOf(request),
  target: targetOf(request),
  status,
});

function targetOf(request: FastifyRequest): string {
  const named = Object.values(request.params as Record<string, string>).join('/');
  return clip(targets.get(request) ?? inRealIds(request, named), MAX_TARGET);
}

const view = ({
  at,
  key,
  address,
  method,
  route,
  target,
  status,
  more,
}: AuditRecord & { at: number }): AuditedCall => ({
  time: toTimestamp(at),
  ...(key !== '' && { key }),
  ...(address !== '' && { address }),
  method,
  ...(route !== '' && { route }),
  ...(target !== '' && { target }),
  status,
  ...(more !== undefined && { more }),
});

/** @throws {AppError} invalid-request. */
function rangeOf({ from, to, limit = DEFAULT_LIMIT, cursor }: AuditQuery): AuditRange {
  const faults: Fault[] = [];
  const read = (pointer: string, text: string | undefined): number | undefined => {
    const ms = text === undefined ? undefined : timeMs(text);
    if (ms === undefined || ms >= 0) return ms;
    faults.push({ pointer, detail: 'must be a time from 1970 on' });
    return undefined;
  };
  const range = { from: read('/from', from), to: read('/to', to), limit, cursor };
  if (faults.length > 0) throw invalidRequest(faults, 'query parameters');
  return range;
}

declare module 'fastify' {
  interface FastifyInstance {
    /** Keeps that a call was refused. */
    auditRefusal(request: FastifyRequest, status: number): void;
    /** A page of the audit. @throws {AppError} invalid-request. */
    listAudit(query: AuditQuery): Promise<AuditPage>;
  }
}
