import distance from 'damerau-levenshtein';

/** Words that differ more are another word. */
const MOST_STEPS = 3;
/** The distance takes the square of the length. */
const MOST_LENGTH = 40;

/** The candidate that was probably meant: few letters are left out, added, changed or swapped. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  if (word.length > MOST_LENGTH) return undefined;
  const begun = candidates.find((candidate) => word.length >= 3 && candidate.startsWith(word));
  const [best] = candidates
    .map((candidate) => ({ candidate, steps: distance(word, candidate).steps }))
    .filter(({ candidate, steps }) => steps <= Math.min(MOST_STEPS, Math.ceil(candidate.length / 3)))
    .sort((a, b) => a.steps - b.steps);
  return begun ?? best?.candidate;
}
