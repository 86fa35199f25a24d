import { type Command, defineCommand } from '../command.ts';
import { COMMANDS } from '../registry.ts';

const SHELLS = ['bash', 'zsh', 'fish'] as const;

/** `millrace completion`. */
export const completion: Command = defineCommand({
  name: 'completion',
  summary: 'Print the completion of commands and options for a shell',
  arguments: [{ name: 'SHELL', meaning: 'the shell', choices: SHELLS }],
  options: {},
  examples: [
    'millrace completion bash > ~/.local/share/bash-completion/completions/millrace',
    'source <(millrace completion zsh)',
    'millrace completion fish > ~/.config/fish/completions/millrace.fish',
  ],
  run: async ({ args: [shell], io }) => {
    const { completionScript } = await import('../completion.ts');
    const commands: Command[] = await Promise.all(
      COMMANDS.map(({ name, load }) => (name === 'completion' ? completion : load())),
    );
    await io.out.write(completionScript(shell as (typeof SHELLS)[number], commands));
    return undefined;
  },
});
