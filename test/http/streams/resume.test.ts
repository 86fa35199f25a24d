import { describe, expect, it } from 'vitest';
import { formatPosition, START } from '../../../src/events/position.ts';
import { resumePosition } from '../../../src/http/streams/resume.ts';

describe('resumePosition', () => {
  it.each([undefined, ''])('is undefined for Last-Event-ID %j', (id) => {
    expect(resumePosition(id, false)).toBeUndefined();
  });

  it.each([false, true])('reads the ids of a stream (merged: %j)', (isMerged) => {
    const position = { entry: '1769860800003-0', seen: 1, queue: isMerged ? 'default' : '' };
    expect(resumePosition(formatPosition(position, isMerged), isMerged)).toEqual(position);
  });

  it('reads 0-0 as the start', () => {
    expect(resumePosition('0-0', false)).toEqual(START);
  });

  it.each(['x', '1', '1-0-0-0', '-1-0-0', '1769860800003-0-1 '])('rejects %j', (id) => {
    expect(() => resumePosition(id, false)).toThrow(
      expect.objectContaining({
        code: 'invalid-request',
        errors: [expect.objectContaining({ pointer: '/last-event-id' })],
      }),
    );
  });
});
