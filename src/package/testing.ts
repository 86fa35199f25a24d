/** `millrace/testing`: a stack for tests of programs that use Millrace. */
export { startMillrace, type TestStack, type TestStackOptions } from '../testing/test-stack.ts';
