import { type Description, flagOf } from './description.ts';

type Shell = 'bash' | 'zsh' | 'fish';

/** The script that completes commands, options and their choices in a shell. */
export const completionScript = (shell: Shell, commands: readonly Description[]): string =>
  ({ bash, zsh, fish })[shell](commands);

const firstWords = (commands: readonly Description[]): string[] => [
  ...new Set(commands.map(({ name }) => name.split(' ')[0] ?? name)),
];

const secondWords = (commands: readonly Description[], first: string): string[] =>
  commands.filter(({ name }) => name.startsWith(`${first} `)).map(({ name }) => name.slice(first.length + 1));

const wordsOf = ({ options, arguments: args }: Description): string[] => [
  ...args.flatMap(({ choices = [] }) => choices),
  ...Object.keys(options).map(flagOf),
  '--help',
];

/** What follows the words so far, as cases of a shell. */
function casesOf(commands: readonly Description[]): string[] {
  const groups = firstWords(commands).filter((first) => secondWords(commands, first).length > 0);
  return [
    ...groups.map((first) => `    "${first} "*) words="${secondWords(commands, first).join(' ')}" ;;`),
    ...commands.map((command) => {
      const [first, second] = command.name.split(' ');
      const pattern = second === undefined ? `"${first} "*` : `"${first} ${second}"`;
      return `    ${pattern}) words="${wordsOf(command).join(' ')}" ;;`;
    }),
  ];
}

/** A pair of words comes before its first word alone. */
function cases(commands: readonly Description[]): string {
  const all = casesOf(commands);
  const pairs = all.filter((line) => /^ {4}"\S+ \S+"\)/.test(line));
  return [...pairs, ...all.filter((line) => !pairs.includes(line))].join('\n');
}

const bash = (commands: readonly Description[]): string => `# Completion of millrace for bash.
_millrace() {
  local words current="\${COMP_WORDS[COMP_CWORD]}" second=""
  if [ "$COMP_CWORD" -gt 2 ]; then second="\${COMP_WORDS[2]}"; fi
  if [ "$COMP_CWORD" -eq 1 ]; then words="${firstWords(commands).join(' ')} --help --version"
  else case "\${COMP_WORDS[1]} $second" in
${cases(commands)}
  esac; fi
  COMPREPLY=($(compgen -W "$words" -- "$current"))
  if [ "\${#COMPREPLY[@]}" -eq 0 ]; then COMPREPLY=($(compgen -f -- "$current")); fi
}
complete -F _millrace millrace
`;

const zsh = (commands: readonly Description[]): string => `#compdef millrace
_millrace() {
  local words_so_far second="" options
  if [ "$CURRENT" -gt 3 ]; then second="\${words[3]}"; fi
  if [ "$CURRENT" -eq 2 ]; then options="${firstWords(commands).join(' ')} --help --version"
  else case "\${words[2]} $second" in
${cases(commands).replaceAll('words="', 'options="')}
  esac; fi
  compadd -- \${=options} || _files
}
if [ "\${funcstack[1]}" = "_millrace" ]; then _millrace "$@"; else compdef _millrace millrace; fi
`;

const quote = (text: string): string => `'${text.replaceAll(/['\\]/g, '\\$&')}'`;

function fish(commands: readonly Description[]): string {
  const lines = commands.flatMap((command) => {
    const [first = '', second] = command.name.split(' ');
    const seen =
      second === undefined
        ? `__fish_seen_subcommand_from ${first}`
        : `__fish_seen_subcommand_from ${first}; and __fish_seen_subcommand_from ${second}`;
    const asWord =
      second === undefined
        ? `complete -c millrace -f -n __fish_use_subcommand -a ${first} -d ${quote(command.summary)}`
        : `complete -c millrace -f -n '__fish_seen_subcommand_from ${first}' -a ${second} -d ${quote(command.summary)}`;
    const options = Object.entries(command.options).map(([name, { meaning, kind }]) => {
      const value = kind === 'flag' ? '' : ' -r';
      return `complete -c millrace -n '${seen}' -l ${flagOf(name).slice(2)}${value} -d ${quote(meaning)}`;
    });
    const choices = command.arguments.flatMap(({ choices: words = [] }) => words);
    const words = choices.map((word) => `complete -c millrace -f -n '${seen}' -a ${word}`);
    return [asWord, ...options, ...words];
  });
  const groups = firstWords(commands).filter((first) => secondWords(commands, first).length > 0);
  const firsts = groups.map((first) => `complete -c millrace -f -n __fish_use_subcommand -a ${first}`);
  return `# Completion of millrace for fish.\n${[...firsts, ...lines].join('\n')}\n`;
}
