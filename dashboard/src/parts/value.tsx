import type { JSX } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import { notify } from '../state/notices.ts';
import { bytes } from './format.ts';

/** What is shown of a long text before the reader asks for all of it. */
const SHOWN_CHARACTERS = 4_000;

export function copy(text: string, what: string): void {
  navigator.clipboard.writeText(text).then(
    () => notify('good', `Copied ${what}`),
    () => notify('bad', `The browser does not let the page copy. Select ${what} and copy it.`),
  );
}

/** A text of somebody, as text. A long one is cut: the browser lays a megabyte out for a while. */
export function LongText({ text, name }: { text: string; name: string }): JSX.Element {
  const [isWhole, setWhole] = useState(false);
  const isLong = text.length > SHOWN_CHARACTERS;
  return (
    <div class="value">
      <pre>{isLong && !isWhole ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text}</pre>
      <div class="value-actions">
        {isLong && (
          <button type="button" class="quiet" aria-expanded={isWhole} onClick={() => setWhole(!isWhole)}>
            {isWhole ? 'Show less' : `Show all ${bytes(text.length)}`}
          </button>
        )}
        <button type="button" class="quiet" aria-label={`Copy ${name}`} onClick={() => copy(text, name)}>
          Copy
        </button>
      </div>
    </div>
  );
}

/** A JSON value. */
export function JsonValue({ value, name }: { value: unknown; name: string }): JSX.Element {
  const text = useMemo(() => JSON.stringify(value, null, 2) ?? 'null', [value]);
  return <LongText name={name} text={text} />;
}
