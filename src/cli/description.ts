interface OptionBase {
  readonly meaning: string;
  readonly short?: string;
}

/** An option of a command. Its name in camelCase becomes `--kebab-case`. */
export type Option =
  | (OptionBase & { readonly kind: 'flag' })
  | (OptionBase & { readonly kind: 'text'; readonly value: string; readonly choices?: readonly string[] })
  /** May be given several times. */
  | (OptionBase & { readonly kind: 'list'; readonly value: string; readonly choices?: readonly string[] })
  | (OptionBase & {
      readonly kind: 'integer';
      readonly value: string;
      readonly min: number;
      readonly max: number;
    });

export type Options = Readonly<Record<string, Option>>;

/** A word of a command that is no option. */
export interface Argument {
  readonly name: string;
  readonly meaning: string;
  readonly optional?: true;
  /** One or more; only the last argument can be so. */
  readonly many?: true;
  readonly choices?: readonly string[];
}

/** What help and completion show of a command. */
export interface Description {
  /** Its words, such as `dead retry`. */
  readonly name: string;
  /** One line, without a full stop. */
  readonly summary: string;
  /** More that users must know, in a few short lines. */
  readonly notes?: readonly string[];
  readonly arguments: readonly Argument[];
  readonly options: Options;
  /** Commands to paste. */
  readonly examples: readonly string[];
}

/** An option as users write it. */
export const flagOf = (name: string): string =>
  `--${name.replaceAll(/[A-Z]/g, (c) => `-${c.toLowerCase()}`)}`;
