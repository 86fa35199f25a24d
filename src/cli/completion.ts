import { type Description, flagOf, type Option } from './description.ts';
import { GROUPS, WITH_VALUE } from './words.ts';

type Shell = 'bash' | 'zsh' | 'fish';

/** The script that completes commands, options and their values in a shell. */
export const completionScript = (shell: Shell, commands: readonly Description[]): string =>
  ({ bash, zsh, fish })[shell](commands);

const firstWords = (commands: readonly Description[]): string[] => [
  ...new Set(commands.map(({ name }) => name.split(' ')[0] ?? name)),
];

const secondWords = (commands: readonly Description[], first: string): string[] =>
  commands.filter(({ name }) => name.startsWith(`${first} `)).map(({ name }) => name.slice(first.length + 1));

const groupsOf = (commands: readonly Description[]): string[] =>
  firstWords(commands).filter((first) => Object.hasOwn(GROUPS, first));

const BEFORE_COMMAND = ['--help', '--version', ...WITH_VALUE];

const choicesOf = ({ arguments: args }: Description): string[] => args.flatMap(({ choices = [] }) => choices);

/** What follows an option: undefined for a flag, the words to choose from, a file, or what only the user knows. */
type Value = undefined | readonly string[] | 'file' | 'free';

function valueKind(option: Option): Value {
  if (option.kind === 'flag') return undefined;
  if (option.kind !== 'integer' && option.choices !== undefined) return option.choices;
  return option.value === 'FILE' || option.value === 'DIR' ? 'file' : 'free';
}

/** What bash and zsh do for an option with such a value. */
const stepOf = (value: Value): string =>
  value === undefined
    ? ''
    : value === 'file'
      ? 'files=1'
      : value === 'free'
        ? ':'
        : `offer="${value.join(' ')}"`;

/** The cases of "command option": one for all commands where the option means the same in all. */
function valueCases(commands: readonly Description[]): string {
  const meanings = new Map<string, Map<string, string[]>>();
  for (const { name, options } of commands) {
    for (const [key, option] of Object.entries(options)) {
      const step = stepOf(valueKind(option));
      for (const flag of [flagOf(key), ...(option.short === undefined ? [] : [`-${option.short}`])]) {
        const steps = meanings.get(flag) ?? new Map<string, string[]>();
        meanings.set(flag, steps.set(step, [...(steps.get(step) ?? []), name]));
      }
    }
  }
  const patterns = new Map<string, string[]>();
  for (const [flag, steps] of meanings) {
    for (const [step, names] of steps) {
      if (step === '') continue;
      const own = steps.size === 1 ? [`*" ${flag}"`] : names.map((name) => `"${name} ${flag}"`);
      patterns.set(step, [...(patterns.get(step) ?? []), ...own]);
    }
  }
  return [...patterns].map(([step, own]) => `    ${own.join('|')}) ${step} ;;`).join('\n');
}

function commandCases(commands: readonly Description[]): string {
  const rows = [
    ['""', [...firstWords(commands), ...BEFORE_COMMAND]],
    ...groupsOf(commands).map((group) => [group, secondWords(commands, group)]),
  ] as const;
  return [
    ...rows.map(([pattern, words]) => `    ${pattern}) offer="${[words].flat().join(' ')}" ;;`),
    ...commands.map((command) => {
      const words = [...choicesOf(command), ...Object.keys(command.options).map(flagOf), '--help'];
      return `    "${command.name}") offer="${words.join(' ')}"; files=1 ;;`;
    }),
  ].join('\n');
}

/** What bash and zsh share. The functions set variables of the function that calls them. */
const shared = (
  commands: readonly Description[],
): string => `# Sets what may follow an option of a command. Fails for one without a value.
_millrace_value() {
  offer="" files=""
  case "$1 $2" in
${valueCases(commands)}
    *) return 1 ;;
  esac
}
# Finds the command in the words before the cursor, and the option that waits for its value. bash splits words at : and =.
_millrace_find() {
  command="" option="" joined=""
  local word
  for word in "$@"; do
    case "$word" in :|=) joined=1; continue ;; esac
    if [ -n "$joined$option" ]; then joined="" option=""; continue; fi
    case "$word" in
      --*=*) ;;
      -*) if _millrace_value "$command" "$word"; then option="$word"; fi ;;
      *) case "$command" in
        "") command="$word" ;;
        ${groupsOf(commands).join('|')}) command="$command $word" ;;
      esac ;;
    esac
  done
}
# Sets the words to choose from, and whether files are offered.
_millrace_offer() {
  if [ -n "$option" ]; then _millrace_value "$command" "$option"; return 0; fi
  offer="" files=""
  if [ -n "$joined" ]; then return 0; fi
  case "$command" in
${commandCases(commands)}
  esac
}
`;

const bash = (commands: readonly Description[]): string => `# Completion of millrace for bash.
${shared(commands)}
_millrace() {
  local command option joined offer files current="\${COMP_WORDS[COMP_CWORD]}"
  _millrace_find "\${COMP_WORDS[@]:1:COMP_CWORD-1}"
  case "$current" in :|=) joined=1 current="" ;; esac
  _millrace_offer
  COMPREPLY=($(compgen -W "$offer" -- "$current"))
  if [ "\${#COMPREPLY[@]}" -eq 0 ] && [ -n "$files" ]; then
    local IFS=$'\\n'
    compopt -o filenames 2> /dev/null
    COMPREPLY=($(compgen -f -- "$current"))
  fi
}
complete -F _millrace millrace
`;

const zsh = (commands: readonly Description[]): string => `#compdef millrace
${shared(commands)}
_millrace() {
  local command option joined offer files
  _millrace_find "\${(@)words[2,CURRENT-1]}"
  if [[ "$PREFIX" = --*=* ]]; then option="\${PREFIX%%=*}"; compset -P '*='; fi
  _millrace_offer
  if [ -n "$offer" ] && compadd -- \${=offer}; then return 0; fi
  if [ -n "$files" ]; then _files; fi
}
if [ "\${funcstack[1]}" = "_millrace" ]; then _millrace "$@"; else compdef _millrace millrace; fi
`;

const quote = (text: string): string => `'${text.replaceAll(/['\\]/g, '\\$&')}'`;

/** A line of fish: what it offers after the words of a command. */
const fishLine = (command: string, offer: string, meaning?: string): string =>
  `complete -c millrace -n '__millrace_at "${command}"' ${offer}${meaning === undefined ? '' : ` -d ${quote(meaning)}`}`;

function fishOption(command: string, name: string, option: Option): string {
  const value = valueKind(option);
  const takes =
    value === undefined
      ? ''
      : value === 'file'
        ? ' -r -F'
        : value === 'free'
          ? ' -x'
          : ` -x -a '${value.join(' ')}'`;
  const short = option.short === undefined ? '' : ` -s ${option.short}`;
  return fishLine(command, `-l ${flagOf(name).slice(2)}${short}${takes}`, option.meaning);
}

function fish(commands: readonly Description[]): string {
  const groups = groupsOf(commands);
  const before = new Map(commands.flatMap(({ options }) => Object.entries(options)));
  const lines = [
    ...groups.map((group) => fishLine('', `-f -a ${group}`, GROUPS[group])),
    ...[...before]
      .filter(([name]) => WITH_VALUE.includes(flagOf(name)))
      .map(([name, option]) => fishOption('', name, option)),
    ...commands.flatMap((command) => {
      const [first = '', second] = command.name.split(' ');
      return [
        second === undefined
          ? fishLine('', `-f -a ${first}`, command.summary)
          : fishLine(first, `-f -a ${second}`, command.summary),
        ...Object.entries(command.options).map(([name, option]) => fishOption(command.name, name, option)),
        ...choicesOf(command).map((word) => fishLine(command.name, `-f -a ${word}`)),
      ];
    }),
  ];
  return `# Completion of millrace for fish.
# Whether the words before the cursor name this command; "" for none yet.
function __millrace_at -a wanted
  set -l words (commandline -opc)
  set -e words[1]
  set -l found
  set -l is_value 0
  for word in $words
    if test $is_value = 1
      set is_value 0
      continue
    end
    switch $word
      case ${WITH_VALUE.join(' ')}
        set is_value 1
      case '-*'
      case '*'
        set -a found $word
        if not contains -- $found[1] ${groups.join(' ')}; or test (count $found) = 2
          break
        end
    end
  end
  test "$found" = "$wanted"
end
${lines.join('\n')}
`;
}
