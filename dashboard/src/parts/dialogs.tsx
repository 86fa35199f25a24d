import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { notices, question } from '../state/notices.ts';
import { useSignal } from '../state/signal.ts';

/** A dialog in front of the page. The browser keeps the focus in it, and closes it by Escape. */
export function Dialog({
  title,
  onClose,
  children,
}: {
  title: string;
  onClose: () => void;
  children: ComponentChildren;
}): JSX.Element {
  const ref = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const dialog = ref.current;
    if (dialog !== null && !dialog.open) dialog.showModal();
  }, []);
  return (
    <dialog ref={ref} aria-label={title} onClose={onClose}>
      <h2>{title}</h2>
      {children}
    </dialog>
  );
}

/** The question before an action that nobody can undo. */
export function Questions(): JSX.Element | null {
  const asked = useSignal(question);
  if (asked === undefined) return null;
  const { title, text, verb, isDangerous, answer } = asked;
  return (
    <Dialog key={title} title={title} onClose={() => answer(false)}>
      <p class="dialog-text">{text}</p>
      <div class="dialog-actions">
        <button type="button" onClick={() => answer(false)}>
          Cancel
        </button>
        <button type="button" class={isDangerous ? 'danger' : 'primary'} onClick={() => answer(true)}>
          {verb}
        </button>
      </div>
    </Dialog>
  );
}

export function Notices(): JSX.Element {
  return (
    <div class="notices" aria-live="polite">
      {useSignal(notices).map(({ id, tone, text }) => (
        <p key={id} class={`notice is-${tone}`}>
          {text}
        </p>
      ))}
    </div>
  );
}
