import { describe, expect, it } from 'vitest';
import { subjectId } from '../../../src/access/tokens/subject.ts';

describe('the name of a subject', () => {
  it.each(['ann', 'ann@example.com', 'system:serviceaccount:prod:mailer', 'auth0|5f7c8ec7c33c6c004bbafe82'])(
    'is the subject %s itself',
    (subject) => {
      expect(subjectId(subject)).toBe(subject);
    },
  );

  it.each(['a b', 'a\nb', 'a~b', 'ä', 'x'.repeat(101)])('is short and printable for %j', (subject) => {
    expect(subjectId(subject)).toMatch(/^[\x21-\x7d]{1,60}~[A-Za-z0-9_-]{22}$/);
  });

  it('differs for subjects that are shortened to the same', () => {
    const long = 'x'.repeat(200);
    expect(subjectId(`${long}1`)).not.toBe(subjectId(`${long}2`));
    expect(subjectId('a b')).not.toBe(subjectId('a-b'));
  });
});
