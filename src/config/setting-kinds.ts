/** How a setting is read from the environment, and what docs/reference/configuration.md says of it. */
export interface Setting<T> {
  readonly variable: string;
  readonly usedBy: 'both' | 'api' | 'worker' | 'client';
  readonly meaning: string;
  readonly fallback: () => T;
  /** The default in words, where it depends on the machine. */
  readonly fallbackText?: string;
  readonly expected: string;
  readonly example: string;
  /** It has a second variable, with `_FILE` at its end, that names a file with the value. No message shows the value. */
  readonly isSecret?: true;
  /** The value, or undefined when the text does not stand for one. */
  readonly parse: (text: string) => T | undefined;
}

/** A setting for each member of a part of the configuration. */
export type SettingsOf<T> = { readonly [K in keyof T]: Setting<T[K]> };

/** The variable that names a file with the value of a secret setting. */
export const fileVariable = ({ variable }: Pick<Setting<unknown>, 'variable'>): string => `${variable}_FILE`;

/** Finds settings that do not go together. */
export interface Check<T> {
  /** Where the fault matters: other programs may have the variables of this one in their environment. */
  readonly usedBy: 'both' | 'api' | 'worker';
  /** While one of these settings is wrong by itself, the check is left out: it would judge the default. */
  readonly judges?: readonly (keyof T)[];
  /** `isGiven`: whether the environment has a value for the variable, or names a file with it. */
  readonly faultOf: (config: T, isGiven: (variable: string) => boolean) => string | undefined;
}

type Head = Pick<Setting<unknown>, 'variable' | 'usedBy' | 'meaning'>;

interface IntegerKind extends Head {
  readonly fallback: number | (() => number);
  readonly fallbackText?: string;
  readonly min: number;
  readonly max: number;
  readonly example: number;
}

export const integer = ({ fallback, min, max, example, ...head }: IntegerKind): Setting<number> => ({
  ...head,
  fallback: typeof fallback === 'number' ? () => fallback : fallback,
  expected: `an integer from ${min} to ${max}`,
  example: String(example),
  parse: (text) => {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    return value >= min && value <= max ? value : undefined;
  },
});

interface ChoiceKind<T extends string> extends Head {
  readonly values: readonly T[];
  readonly fallback: T;
  readonly fallbackText?: string;
  readonly example: T;
}

export const oneOf = <T extends string>({ values, fallback, ...rest }: ChoiceKind<T>): Setting<T> => ({
  ...rest,
  fallback: () => fallback,
  expected: `one of ${values.join(', ')}`,
  parse: (text) => values.find((value) => value === text),
});

interface TextKind extends Head {
  readonly fallback: string;
  readonly fallbackText?: string;
  readonly expected: string;
  readonly example: string;
  readonly isSecret?: true;
  readonly accepts: (text: string) => boolean;
}

export const text = ({ fallback, accepts, ...rest }: TextKind): Setting<string> => ({
  ...rest,
  fallback: () => fallback,
  parse: (value) => (accepts(value) ? value : undefined),
});
