import { type Command, defineCommand } from '../command.ts';

const SHELLS = ['bash', 'zsh', 'fish'] as const;

/** `millrace completion`. @param loadAll gives all commands */
export const completionOf = (loadAll: () => Promise<readonly Command[]>): Command =>
  defineCommand({
    name: 'completion',
    summary: 'Print the completion of commands and options for a shell',
    arguments: [{ name: 'SHELL', meaning: 'the shell', choices: SHELLS }],
    options: { json: { kind: 'flag', meaning: 'prints the script as a member of a JSON document' } },
    examples: [
      'millrace completion bash > ~/.local/share/bash-completion/completions/millrace',
      'source <(millrace completion zsh)',
      'millrace completion fish > ~/.config/fish/completions/millrace.fish',
    ],
    run: async ({ args: [shell], options: { json }, io }) => {
      const { completionScript } = await import('../completion.ts');
      const script = completionScript(shell as (typeof SHELLS)[number], await loadAll());
      await io.out.write(json ? `${JSON.stringify({ shell, script })}\n` : script);
      return undefined;
    },
  });
