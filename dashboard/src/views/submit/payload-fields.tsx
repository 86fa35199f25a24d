import type { JSX } from 'preact';
import { AreaField, CheckField, Choice, TextField } from '../../parts/fields.tsx';
import type { SchemaField } from './schema-fields.ts';

interface Props {
  readonly fields: readonly SchemaField[];
  readonly typed: Readonly<Record<string, string>>;
  readonly onInput: (name: string, value: string) => void;
}

/** A field for each member of the payload. */
export function PayloadFields({ fields, typed, onInput }: Props): JSX.Element {
  return (
    <fieldset>
      <legend>Payload</legend>
      {fields.map((field) => (
        <PayloadField
          key={field.name}
          field={field}
          value={typed[field.name] ?? field.first}
          onInput={(value) => onInput(field.name, value)}
        />
      ))}
      {fields.length === 0 && <p class="note">The task takes no members.</p>}
    </fieldset>
  );
}

interface FieldProps {
  readonly field: SchemaField;
  readonly value: string;
  readonly onInput: (value: string) => void;
}

function PayloadField({ field, value, onInput }: FieldProps): JSX.Element {
  const { name, kind, isRequired, hint, options = [] } = field;
  if (kind === 'flag')
    return <CheckField label={name} value={value === 'true'} onInput={(isSet) => onInput(String(isSet))} />;
  if (kind === 'choice') {
    const all = [['', ''] as const, ...options.map((option) => [option, option] as const)];
    return <Choice label={name} value={value} options={all} onInput={onInput} />;
  }
  if (kind === 'json')
    return <AreaField label={`${name} (JSON)`} value={value} onInput={onInput} hint={hint} />;
  return (
    <TextField label={name} value={value} onInput={onInput} hint={hint} type={kind} isRequired={isRequired} />
  );
}
