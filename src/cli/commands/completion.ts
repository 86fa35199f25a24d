import { type Command, defineCommand } from '../command.ts';

const SHELLS = ['bash', 'zsh', 'fish'] as const;

/** `millrace completion`. @param loadAll gives all commands */
export const completionOf = (loadAll: () => Promise<readonly Command[]>): Command =>
  defineCommand({
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
      await io.out.write(completionScript(shell as (typeof SHELLS)[number], await loadAll()));
      return undefined;
    },
  });
