import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { key, takeKey } from '../net/key.ts';
import { TextField } from '../parts/fields.tsx';
import { Logo } from '../parts/logo.tsx';

/** Asks for a key, where the API wants one. */
export function KeyGate(): JSX.Element {
  const [text, setText] = useState('');
  const wasRefused = key.value !== '';
  return (
    <main class="gate">
      <form
        class="card"
        onSubmit={(event) => {
          event.preventDefault();
          takeKey(text.trim());
        }}
      >
        <Logo />
        <h1>This Millrace asks for a key</h1>
        {wasRefused && (
          <p class="failure" role="alert">
            The API does not take this key. It may be wrong, expired or revoked.
          </p>
        )}
        <TextField
          label="Key"
          type="password"
          value={text}
          onInput={setText}
          isRequired
          hint="It stays in this tab, and is gone when the tab is closed."
        />
        <button type="submit" class="primary">
          Open the dashboard
        </button>
      </form>
    </main>
  );
}
