import { describe, expect, it } from 'vitest';
import { AppError, invalidRequest, toError } from '../src/errors.ts';

describe('AppError', () => {
  it('carries the code, the faults, more members and the cause', () => {
    const cause = new Error('why');
    const errors = [{ pointer: '/task', detail: 'is required' }];
    const error = new AppError('unknown-task', 'Use another.', { errors, extensions: { known: [] }, cause });
    expect(error).toMatchObject({ code: 'unknown-task', message: 'Use another.', errors, cause });
    expect(error.extensions).toEqual({ known: [] });
  });
});

describe('invalidRequest', () => {
  it('says which parts of the request to fix', () => {
    const errors = [{ pointer: '/x', detail: 'is wrong' }];
    expect(invalidRequest(errors)).toMatchObject({ code: 'invalid-request', errors });
    expect(invalidRequest(errors, 'headers').message).toMatch(/^Fix the headers listed in `errors`/);
  });
});

describe('toError', () => {
  it('keeps an error, and wraps anything else', () => {
    const error = new TypeError('x');
    expect(toError(error)).toBe(error);
    expect(toError('text').message).toBe('text');
    expect(toError(undefined).message).toBe('undefined');
  });
});
