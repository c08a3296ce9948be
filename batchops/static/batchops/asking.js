// Ask the server a moment after the last of many calls; only the newest answer is shown.
export function asker(waitMs, question, show) {
  let timer = 0;
  let asked = 0;
  async function ask() {
    const mine = ++asked;
    const answer = await question();
    const text = answer.ok ? await answer.text() : null;
    if (mine === asked && text !== null) show(text);
  }
  return () => {
    clearTimeout(timer);
    timer = setTimeout(() => ask().catch(() => {}), waitMs);
  };
}
