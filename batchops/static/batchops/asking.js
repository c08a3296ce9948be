// Ask the server a moment after the last of many calls; only the newest answer is shown.
const WAIT_MS = 300;

export function asker(question, show) {
  let newest = 0;
  async function ask(mine) {
    const answer = await question();
    const text = await answer.text();
    if (answer.ok && mine === newest) show(text);
  }
  return () => {
    clearTimeout(newest);
    newest = setTimeout(() => ask(newest).catch(() => {}), WAIT_MS);
  };
}
