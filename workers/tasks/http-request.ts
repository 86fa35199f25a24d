import { defineTask } from '../../src/tasks/define.ts';
import { sendRequest } from '../../src/tasks/http/request.ts';
import { HttpRequest, HttpResponse } from '../../src/tasks/http/schemas.ts';

export default defineTask({
  input: HttpRequest,
  output: HttpResponse,
  handler: (request, { signal, trace }) => sendRequest(request, signal, undefined, trace),
});
