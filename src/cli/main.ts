#!/usr/bin/env node
import { childEnv } from '../config.ts';
import { processIo } from './io.ts';
import { run } from './run.ts';

/** The program `millrace`. */
process.exitCode = await run(process.argv.slice(2), processIo(childEnv({})));
