import { type WorkPayload, work } from './_work.ts';

export default (payload: WorkPayload) => work.burn(payload);
