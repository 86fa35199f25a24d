import type { FastifySchemaCompiler } from 'fastify';
import type { TSchema } from 'typebox';
import { invalidRequest } from '../../errors.ts';
import { validatorCompiler } from '../request/validator.ts';

/**
 * Takes the body of a worker's report in any form: a report is never refused for its form. The handler of the route makes
 * the best of it. Other parts of the request are validated as everywhere.
 */
export const reportValidator: FastifySchemaCompiler<TSchema> = (part) =>
  part.httpPart === 'body' ? acceptObject : validatorCompiler(part);

const acceptObject = (value: unknown) =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? { value }
    : { error: invalidRequest([{ pointer: '', detail: 'must be object' }]) };
