import { Type } from 'typebox';
import { JobId } from '../values/names.ts';

/** Headers of a response that shows another job than a new one. */
export const UniqueHeaders = {
  'job-deduplicated': Type.Boolean({
    description: 'true: the job of the response has the place of the submitted one. Nothing was stored.',
  }),
  'job-cached': Type.Boolean({
    description: 'true: the job of the response has completed lately. Nothing was stored.',
  }),
  'job-replaced': Type.Boolean({
    description:
      'true: the job of the response waited, and has the payload, options and time of the submitted one now.',
  }),
};

export const BulkSubmitResponse = Type.Object(
  {
    items: Type.Array(
      Type.Object({
        index: Type.Integer({ description: 'The position of the job in the request, counted from 0.' }),
        status: Type.Integer({
          description:
            '202: the job is stored. 200: another job has its place, which `id` names. Else the status of the problem.',
        }),
        id: Type.Optional(JobId),
        deduplicated: Type.Optional(
          Type.Boolean({ description: 'true: the job with this id has the place; nothing was stored.' }),
        ),
        replaced: Type.Optional(
          Type.Boolean({ description: 'true: the job with this id waited, and is the submitted one now.' }),
        ),
        cached: Type.Optional(
          Type.Boolean({
            description: 'true: the job with this id has completed lately; nothing was stored.',
          }),
        ),
        problem: Type.Optional(Type.Ref('Problem')),
      }),
      { description: 'The outcomes.' },
    ),
  },
  {
    description: 'The outcome of each job, in the order of the request.',
    examples: [{ items: [{ index: 0, status: 202, id: 'default~nmfa2k9x0-0' }] }],
  },
);
