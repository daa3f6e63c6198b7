// The reading room's page: asks the server for JSON and shows it. Texts of the data become text nodes, never markup.

const LABELS = {
  questions: "Questions", chunks: "Chunks", instances: "Instances", rejects: "Rejects",
  changes: "Changes", episodes: "Episodes",
};
const FACETS = {source: "Source", split: "Split", sort: "Origin, or check and reason"};
const PAGE = 50; // rows, as in queries.py
const $ = (id) => document.getElementById(id);

// What is looked at; the address keeps it, so that it can be gone back to and passed on.
const EMPTY = {version: "", other: "", kind: "questions", source: "", split: "", sort: "", text: "", least: "", most: "",
  page: 0, id: "", question: ""};
const state = {...EMPTY};
let asked = 0;

function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "on") node.addEventListener("click", value);
    else if (name.startsWith("aria-")) node.setAttribute(name, value);
    else if (value !== null && value !== undefined && value !== false) node.setAttribute(name, value === true ? "" : value);
  }
  return fill(node, children);
}

function fill(node, ...children) {
  const given = children.flat(Infinity).filter((child) => child !== null && child !== undefined);
  node.replaceChildren(...given.map((child) => child instanceof Node ? child : String(child)));
  return node;
}

async function ask(path, parameters = {}) {
  const given = Object.entries(parameters).filter(([, value]) => value !== "" && value !== null);
  const response = await fetch(`/api/${path}?${new URLSearchParams(given)}`);
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error ?? response.statusText);
  return answer;
}

function remember() {
  const kept = Object.entries(state).filter(([, value]) => value !== "" && value !== 0);
  history.replaceState(null, "", `#${new URLSearchParams(kept)}`);
}

function recall() {
  Object.assign(state, EMPTY, {version: versions[0]});
  for (const [name, value] of new URLSearchParams(location.hash.slice(1))) {
    if (name in state) state[name] = name === "page" ? Number(value) : value;
  }
}

async function refresh() {
  remember();
  $("text").value = state.text;
  $("least").value = state.least;
  $("most").value = state.most;
  for (const tab of $("kinds").children) tab.setAttribute("aria-selected", tab.dataset.kind === state.kind);
  const special = state.kind === "changes" || state.kind === "episodes";
  $("filters").hidden = special;
  document.querySelector("main").classList.toggle("unfiltered", special);
  $("pages").hidden = special;
  const turn = ++asked;
  $("count").textContent = "…";
  try {
    const listed = {changes, episodes}[state.kind] ?? rows;
    await listed(() => turn === asked);
  } catch (error) {
    if (turn === asked) {
      fill($("rows"));
      fill($("count"), make("span", {class: "error"}, error.message));
    }
  }
}

async function rows(current) {
  const {version, kind, source, split, sort, text, least, most, page} = state;
  const found = await ask("rows", {version, kind, source, split, sort, text, least, most, page});
  if (!current()) return;
  $("count").textContent = `${found.total.toLocaleString("en")} ${found.total === 1 ? kind.slice(0, -1) : kind}`;
  fill($("rows"), found.rows.map((row) => item(row.id, row.text, `${row.source} · ${row.split}${row.sort ? ` · ${row.sort}` : ""} · ${row.length}`, () => choose(row))));
  $("page").textContent = `${page + 1} of ${Math.max(Math.ceil(found.total / PAGE), 1)}`;
  $("before").disabled = page === 0;
  $("next").disabled = (page + 1) * PAGE >= found.total;
  facets(found.facets);
  lengths(found.lengths);
}

function item(id, text, facts, chosen) {
  return make("li", {}, make("button", {type: "button", "data-id": id, "aria-current": id === state.id || id === state.question, on: chosen},
    make("span", {class: "text"}, text), make("span", {class: "facts"}, facts)));
}

function facets(counts) {
  fill($("facets"), Object.entries(FACETS).filter(([name]) => Object.keys(counts[name]).length).map(([name, label]) =>
    make("div", {}, make("h2", {}, label), Object.entries(counts[name]).map(([value, count]) =>
      make("button", {type: "button", "aria-pressed": state[name] === value, on: () => narrow({[name]: state[name] === value ? "" : value})},
        make("span", {}, value), make("span", {class: "quiet"}, count.toLocaleString("en")))))));
}

function lengths(bins) {
  const most = Math.max(...bins.map(([, , count]) => count), 1);
  const unit = state.kind === "chunks" || state.kind === "instances" ? "tokens" : "characters";
  $("lengths").querySelector("figcaption").textContent = bins.length ? `Length, ${bins[0][0]} to ${bins.at(-1)[1]} ${unit}` : "Length";
  fill($("lengths").querySelector(".bars"), bins.map(([low, high, count]) => {
    const bar = make("span", {title: `${low} to ${high}: ${count}`});
    bar.style.height = `${100 * count / most}%`;
    return bar;
  }));
}

function narrow(changes) {
  if (changes.kind) {
    fill($("rows"));
    fill($("shown"));
    Object.assign(state, {id: "", question: ""});
  }
  Object.assign(state, {page: 0}, changes);
  refresh();
}

async function choose(row) {
  for (const button of $("rows").querySelectorAll("button")) button.setAttribute("aria-current", button.dataset.id === row.id);
  state.id = state.kind === "rejects" ? row.id : row.instance;
  state.question = state.kind === "questions" ? row.id : "";
  remember();
  await open(state.kind === "chunks" ? row.id : "");
}

async function showReject() {
  const found = await ask("reject", {version: state.version, id: state.id});
  show(make("h2", {}, state.id), found.map((one) => [make("h3", {}, one.sort),
    make("p", {class: "facts"}, [one.source, one.split, one.instance].filter(Boolean).join(" · ")), make("p", {class: "said"}, one.text)]));
}

// The instance in a version; in the one beside, the one that it changed to where the ids differ.
async function fetched(version) {
  try {
    return await ask("instance", {version, id: state.id, beside: version === state.version ? "" : state.version});
  } catch (error) {
    return {error: error.message};
  }
}

// Gold answers; the number of a label with the label's name.
function answers(question, instance) {
  const names = new Map(question.origin === "held-out" ? instance.labels.map((label) => [String(label.number), label.name]) : []);
  return question.answers.map((answer) => names.has(answer) ? `${answer} (${names.get(answer)})` : answer).join("; ");
}

async function showInstance(chunk) {
  const versions = [state.version, ...(state.other ? [state.other] : [])];
  const found = await Promise.all(versions.map(fetched));
  const asked = found.flatMap((one) => one.questions ?? []).find((one) => one.id === state.question);
  const columns = found.map((instance, place) => instanceColumn(instance, versions[place], asked));
  show(columns.length > 1 ? make("div", {class: "beside"}, columns) : columns[0]);
  const target = chunk ? $("shown").querySelector(`[data-chunk="${CSS.escape(chunk)}"]`) : $("shown").querySelector("mark");
  target?.scrollIntoView({block: chunk ? "start" : "center"});
}

function instanceColumn(instance, version, asked) {
  if (instance.error) return make("div", {}, make("h2", {}, version), make("p", {class: "error"}, instance.error));
  const question = instance.questions.find((one) => one.id === state.question) ?? instance.questions.find((one) => one.text === asked?.text);
  const evidence = new Set(question?.evidence ?? []);
  return make("div", {},
    make("h2", {}, state.other ? `${version}: ${instance.id}` : instance.id),
    make("p", {class: "facts"}, `${instance.split}, number ${instance.ordinal} of ${instance.document} · ${instance.tokens.toLocaleString("en")} tokens · ${instance.chunks.length} chunks`),
    question ? make("p", {class: "asked"}, question.text, make("span", {class: "facts"}, ` → ${answers(question, instance)}`)) : null,
    make("h3", {}, `${instance.questions.length} questions`),
    make("div", {}, instance.questions.map((one) => make("button", {type: "button", class: "question", "aria-pressed": one === question, "data-question": one.id, on: () => pick(one.id)},
      one.text, make("span", {class: "facts"}, ` → ${answers(one, instance)} · ${one.origin}`)))),
    make("h3", {}, "The interaction"),
    instance.chunks.map((one) => make("section", {class: "chunk", "data-chunk": one.id},
      make("p", {class: "facts"}, `${one.ordinal} · ${one.time} · ${one.tokens} tokens · ${one.id}`),
      make("p", {}, marked(one, evidence)))));
}

async function pick(id) {
  state.question = state.question === id ? "" : id;
  remember();
  await showInstance("");
}

// Offsets count characters as Python does, so a text is cut by its code points.
function marked(chunk, evidence) {
  const letters = Array.from(chunk.text);
  const parts = [];
  let done = 0;
  for (const segment of chunk.segments.filter((one) => evidence.has(one.id))) {
    parts.push(letters.slice(done, segment.start).join(""), make("mark", {}, letters.slice(segment.start, segment.end).join("")));
    done = segment.end;
  }
  return [...parts, letters.slice(done).join("")];
}

async function changes(current) {
  if (!state.other) {
    $("count").textContent = "Choose another version beside this one to see what is different.";
    fill($("rows"));
    return;
  }
  const found = await ask("changes", {old: state.other, new: state.version});
  if (!current()) return;
  $("count").textContent = found.length ? `Sources that differ from ${state.other}: ${found.length}` : `No row differs from ${state.other}`;
  fill($("rows"), found.map((one) => item(one.source, one.source, one.reasons.join(" · "), () => showChanges(one))));
}

function showChanges(one) {
  const names = ["old", "new", "added", "removed", "changed", "moved"];
  show(make("h2", {}, one.source), make("ul", {}, one.reasons.map((reason) => make("li", {}, reason))),
    make("table", {}, make("thead", {}, make("tr", {}, make("th", {}, "rows"), names.map((name) => make("th", {}, name)))),
      make("tbody", {}, Object.entries(one.rows).map(([kind, counts]) => make("tr", {}, make("th", {}, kind), names.map((name) => make("td", {}, counts[name].toLocaleString("en"))))))),
    one.samples.map((sample) => make("div", {}, make("h3", {}, `${sample.kind.slice(0, -1)} ${sample.what}`),
      make("p", {class: "facts"}, sample.new_id ?? sample.old_id),
      make("p", {class: "said"}, sample.parts.map((part) => part.mark === "same" ? part.text : make(part.mark === "old" ? "del" : "ins", {}, part.text))))));
}

async function episodes(current) {
  const found = await ask("episodes");
  if (!current()) return;
  $("count").textContent = `Episodes of the last evaluation: ${found.length.toLocaleString("en")}`;
  fill($("rows"), found.map((one) => item(one.id, one.id, `${one.source} · r1 ${figure(one.correctness)} · total ${figure(one.total)}`, () => { state.id = one.id; open(); })));
}

const figure = (value) => value === null ? "–" : value.toFixed(3);

async function showEpisode(id) {
  state.id = id;
  remember();
  const one = await ask("episode", {id});
  show(make("h2", {}, one.id),
    make("p", {class: "facts"}, `r1 ${figure(one.correctness)} · r2 ${figure(one.tool_format)} · r3 ${figure(one.compression)} · r4 ${figure(one.content)} · total ${figure(one.total)} · memory ${one.memory_tokens} tokens`),
    one.steps.map((step, number) => make("details", {open: number === 0, class: "step"}, make("summary", {}, `Step ${number}: ${step.calls.length} calls, memory ${step.memory_tokens} tokens`),
      make("h3", {}, "Read"), make("p", {class: "said"}, step.chunk),
      make("h3", {}, "Called"), make("ol", {}, step.calls.map((call) => make("li", {class: call.applied ? "" : "failed"}, `${call.tool ?? "?"} ${call.memory_type ?? ""} ${call.content ?? ""}`, make("span", {class: "facts"}, ` ${call.note}`)))))),
    make("details", {}, make("summary", {}, `Memory at the end: ${one.entries.length} entries`), make("p", {class: "said"}, one.core), make("ol", {}, one.entries.map((entry) => make("li", {}, `[${entry.id}] ${entry.text}`)))),
    make("h3", {}, "Asked"),
    one.answers.map((answer) => make("details", {class: "answer"}, make("summary", {}, `${figure(answer.score)} ${answer.text}`),
      make("p", {}, `answered: ${answer.answer}`), make("p", {}, `gold: ${answer.gold.join("; ")}`), make("p", {class: "facts"}, `recalled: ${answer.recalled.join(", ")}`))));
}

// From its beginning, on a narrow screen too, where it stands below the list.
function show(...children) {
  fill($("shown"), children);
  $("shown").scrollTop = 0;
  $("shown").scrollIntoView();
}

function step(by) {
  const buttons = [...$("rows").querySelectorAll("button")];
  const at = buttons.indexOf(document.activeElement);
  buttons[Math.min(Math.max(at + by, 0), buttons.length - 1)]?.focus();
}

document.addEventListener("keydown", (event) => {
  const typing = event.target instanceof HTMLInputElement || event.target instanceof HTMLSelectElement;
  if (event.key === "Escape") {
    ($("rows").querySelector('[aria-current="true"]') ?? $("rows").querySelector("button"))?.focus();
  } else if (!typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
    if (event.key === "/") $("text").focus();
    else if (event.key === "j") step(1);
    else if (event.key === "k") step(-1);
    else return;
    event.preventDefault();
  }
});

let waiting = 0;
for (const name of ["text", "least", "most"]) {
  $(name).addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => narrow({[name]: $(name).value}), 200);
  });
}
for (const name of ["version", "other"]) $(name).addEventListener("change", () => narrow({[name]: $(name).value}));
$("clear").addEventListener("click", () => narrow({source: "", split: "", sort: "", text: "", least: "", most: ""}));
$("before").addEventListener("click", () => { state.page -= 1; refresh(); });
$("next").addEventListener("click", () => { state.page += 1; refresh(); });

const {versions} = await ask("versions");
recall();
fill($("version"), versions.map((name) => make("option", {value: name, selected: name === state.version}, name)));
fill($("other"), make("option", {value: ""}, "none"), versions.map((name) => make("option", {value: name, selected: name === state.other}, name)));
fill($("kinds"), Object.entries(LABELS).map(([kind, label]) => make("button", {type: "button", role: "tab", "data-kind": kind, on: () => narrow({kind, source: "", split: "", sort: "", least: "", most: ""})}, label)));
window.addEventListener("hashchange", async () => {
  recall();
  $("version").value = state.version;
  $("other").value = state.other;
  await refresh();
  await open();
});
await refresh();
await open();

// What the address names.
async function open(chunk = "") {
  if (!state.id) return;
  try {
    if (state.kind === "episodes") await showEpisode(state.id);
    else if (state.kind === "rejects") await showReject();
    else await showInstance(chunk);
  } catch (error) {
    show(make("p", {class: "error"}, error.message));
  }
}
