const REPLACEMENT = '\\ufffd';
/** An escape: a pair of surrogates, half of one, or another. */
const ESCAPES =
  /\\(?:(u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)/g;

/** JSON text in which U+FFFD stands for each lone surrogate. Those of JSON that was stringified or sent are escapes. */
export const replaceLoneSurrogates = (json: string): string =>
  json.replaceAll(ESCAPES, (whole: string, _pair: string | undefined, half: string | undefined) =>
    half === undefined ? whole : REPLACEMENT,
  );

/** As `replaceLoneSurrogates`, for the text of `JSON.stringify`, which escapes few other characters. */
export const wellFormedJson = (json: string): string =>
  // To look for one character is several times cheaper, and most texts have no escape.
  json.includes('\\') && json.includes('\\ud') ? replaceLoneSurrogates(json) : json;

/** A text of at most `length` UTF-16 units, and `…` if it was longer. Cuts no character; replaces lone surrogates. */
export function clip(text: string, length: number): string {
  if (text.length <= length) return text.toWellFormed();
  const last = text.charCodeAt(length - 1);
  const end = last >= 0xd800 && last <= 0xdbff ? length - 1 : length;
  return `${text.slice(0, end).toWellFormed()}…`;
}
