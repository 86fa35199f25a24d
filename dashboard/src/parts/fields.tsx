import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { Icon } from './icons.tsx';

interface TextProps {
  readonly label: string;
  readonly value: string;
  readonly onInput: (text: string) => void;
}

/** The field that `/` leads to. It tells what was typed once the reader pauses. */
export function SearchField({ label, value, onInput }: TextProps): JSX.Element {
  const [text, setText] = useState(value);
  const told = useRef(value);
  useEffect(() => {
    // The address has changed by itself, such as by a step back.
    if (value !== told.current) setText(value);
    told.current = value;
  }, [value]);
  const type = (typed: string): void => {
    setText(typed);
    told.current = typed;
    onInput(typed);
  };
  return (
    <div class="search">
      <Icon name="search" />
      <input
        type="search"
        data-search
        aria-label={label}
        placeholder={label}
        value={text}
        spellcheck={false}
        onInput={({ currentTarget }) => type(currentTarget.value)}
      />
      <kbd>/</kbd>
    </div>
  );
}

interface FieldProps {
  readonly label: string;
  readonly hint?: ComponentChildren;
  /** Makes the control with the id that the label names. */
  readonly children: (id: string) => ComponentChildren;
}

/** A control with its label above and a hint below. */
export function Field({ label, hint, children }: FieldProps): JSX.Element {
  const id = useId();
  return (
    <div class="field">
      <label class="field-label" for={id}>
        {label}
      </label>
      {children(id)}
      {hint !== undefined && <span class="hint">{hint}</span>}
    </div>
  );
}

interface TextFieldProps extends TextProps {
  readonly hint?: ComponentChildren;
  readonly placeholder?: string;
  readonly type?: string;
  readonly list?: string;
  readonly isRequired?: boolean;
}

export function TextField(props: TextFieldProps): JSX.Element {
  const { label, value, onInput, hint, placeholder, type = 'text', list, isRequired = false } = props;
  return (
    <Field label={label} hint={hint}>
      {(id) => (
        <input
          id={id}
          type={type}
          value={value}
          placeholder={placeholder}
          list={list}
          required={isRequired}
          spellcheck={false}
          autocomplete="off"
          onInput={({ currentTarget }) => onInput(currentTarget.value)}
        />
      )}
    </Field>
  );
}

export function AreaField({
  label,
  value,
  onInput,
  hint,
}: TextProps & { hint?: ComponentChildren }): JSX.Element {
  return (
    <Field label={label} hint={hint}>
      {(id) => (
        <textarea
          id={id}
          rows={8}
          value={value}
          spellcheck={false}
          onInput={({ currentTarget }) => onInput(currentTarget.value)}
        />
      )}
    </Field>
  );
}

interface ChoiceProps extends TextProps {
  readonly options: readonly (readonly [value: string, name: string])[];
}

export function Choice({ label, value, options, onInput }: ChoiceProps): JSX.Element {
  return (
    <Field label={label}>
      {(id) => (
        <select id={id} value={value} onChange={({ currentTarget }) => onInput(currentTarget.value)}>
          {options.map(([option, name]) => (
            <option key={option} value={option} selected={option === value}>
              {name}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}

interface CheckProps {
  readonly label: string;
  readonly value: boolean;
  readonly onInput: (isChecked: boolean) => void;
}

export function CheckField({ label, value, onInput }: CheckProps): JSX.Element {
  const id = useId();
  return (
    <div class="check">
      <input
        id={id}
        type="checkbox"
        checked={value}
        onChange={({ currentTarget }) => onInput(currentTarget.checked)}
      />
      <label for={id}>{label}</label>
    </div>
  );
}
