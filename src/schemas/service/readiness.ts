import { Type } from 'typebox';

export const Readiness = Type.Object(
  {
    ready: Type.Boolean({ description: 'Whether the service accepts jobs.' }),
    reasons: Type.Array(Type.String(), { description: 'Why the service is not ready. Empty when ready.' }),
    durability: Type.Unsafe<'always' | 'everysec' | 'no' | 'off' | 'unknown'>({
      type: 'string',
      enum: ['always', 'everysec', 'no', 'off', 'unknown'],
      description:
        'When Redis writes an accepted job to disk: its `appendfsync` mode. `off`: append-only file disabled. `unknown`: Redis does not show it.',
    }),
    topology: Type.Unsafe<'single' | 'sentinel' | 'cluster'>({
      type: 'string',
      enum: ['single', 'sentinel', 'cluster'],
      description: 'What `REDIS_URL` names: one Redis, sentinels, or a Redis Cluster.',
    }),
    replicas: Type.Object(
      {
        wanted: Type.Integer({ description: 'How many replicas must have a job before its 202.' }),
        have: Type.Integer({
          description: 'How many replicas follow the primary now. 0 also while Redis does not answer.',
        }),
      },
      { description: 'The replicas of Redis.' },
    ),
    warnings: Type.Optional(
      Type.Array(Type.String(), {
        description:
          'What needs a look although the service is ready: settings that other processes have with other values. Absent when there is nothing.',
      }),
    ),
  },
  {
    description: 'Whether the service is ready, and how durable its jobs are.',
    examples: [
      {
        ready: true,
        reasons: [],
        durability: 'always',
        topology: 'single',
        replicas: { wanted: 0, have: 0 },
      },
    ],
  },
);
