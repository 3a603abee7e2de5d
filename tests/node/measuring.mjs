/*
 * Measures a library: one task as JSON on standard input, rates as JSON on standard output.
 */
import {text} from 'node:stream/consumers';

async function aSecond(work, seconds) {
  const started = process.hrtime.bigint();
  const end = started + BigInt(Math.round(seconds * 1e9));
  let done = 0;
  let now = started;
  while(now < end) {
    await work();
    done += 1;
    now = process.hrtime.bigint();
  }
  return done / (Number(now - started) / 1e9);
}

/** Measure each work of `prepare(task)`, an object of functions, for `seconds` `repeats` times. */
export async function measured(prepare) {
  console.log = console.error; // standard output carries the answer alone
  const task = JSON.parse(await text(process.stdin));
  const works = await prepare(task);
  const rates = {};
  for(const [name, work] of Object.entries(works)) {
    await aSecond(work, task.seconds); // not counted: it warms the engine up
    rates[name] = [];
    for(let run = 0; run < task.repeats; run += 1) {
      rates[name].push(await aSecond(work, task.seconds));
    }
  }
  process.stdout.write(JSON.stringify(rates));
}
