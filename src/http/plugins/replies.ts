import fastifyPlugin from 'fastify-plugin';
import { printJson } from '../../schemas/json/json-text.ts';

/**
 * Prints every JSON reply in one way, which inserts the texts of clients and workers as they came. A serializer made of
 * the schema of a reply would print their values again.
 */
export const repliesPlugin = fastifyPlugin(
  async (app) => {
    app.setSerializerCompiler(() => printJson);
    app.setReplySerializer(printJson);
  },
  { name: 'replies' },
);
