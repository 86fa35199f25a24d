import type { FastifySchemaCompiler } from 'fastify';
import type { TSchema } from 'typebox';
import { invalidRequest } from '../../errors.ts';
import { compileSchema } from '../../schemas/validation/compile.ts';
import { dropNulls } from '../../schemas/validation/drop-nulls.ts';

/** The parts of a request, as messages name them. */
const PARTS: Readonly<Record<string, string>> = {
  querystring: 'query parameters',
  params: 'path parameters',
  headers: 'headers',
};

/** Validates bodies as sent. Converts query, path and headers, which are text, to the types of their schema. */
export const validatorCompiler: FastifySchemaCompiler<TSchema> = ({ schema, httpPart, url }) => {
  const compiled = compileSchema(schema, { coerce: httpPart !== 'body', isOurs: true });
  if (!compiled.ok) throw new Error(`the ${httpPart} schema of ${url} is not valid: ${compiled.reason}`);
  const isEmpty = emptyCheck(schema, httpPart);
  // Values are converted in place. Headers that are returned would be copied at each look at them.
  return (value: unknown) => {
    if (isEmpty(value)) return true;
    let errors = compiled.check(value);
    if (errors.length === 0) return true;
    // Most bodies are valid as they are, so only the others are looked through.
    if (httpPart === 'body' && dropNulls(schema, value)) errors = compiled.check(value);
    if (errors.length === 0) return true;
    return { error: invalidRequest(errors, PARTS[httpPart ?? 'body']) };
  };
};

/**
 * Whether a value needs no validation: a query or headers without any member of a schema that requires none. Most
 * requests have such ones, and skip the validator.
 */
function emptyCheck(schema: TSchema, httpPart: string | undefined): (value: unknown) => boolean {
  const { properties = {}, required = [] } = schema as { properties?: object; required?: string[] };
  const names = Object.keys(properties);
  if (required.length > 0) return () => false;
  if (httpPart === 'headers')
    return (value) => names.every((name) => (value as Record<string, unknown>)[name] === undefined);
  return (value) => httpPart === 'querystring' && Object.keys(value as object).length === 0;
}
