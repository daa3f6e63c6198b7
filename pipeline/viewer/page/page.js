// The viewer's page: requests JSON from the server and shows it. Texts of the data become text nodes, never markup.

const LABELS = {
  questions: "Questions", chunks: "Chunks", instances: "Instances", rejects: "Rejects",
  changes: "Changes", episodes: "Episodes",
};
const FACETS = {source: "Source", split: "Split", category: "Origin, or stage and reason"};
const PAGE_SIZE = 50; // rows, as in queries.py
const $ = (id) => document.getElementById(id);
const formatCount = (count) => count.toLocaleString("en");

// The state of the page. The address keeps it, so that a reload or a passed-on link shows the same.
const EMPTY = {version: "", other_version: "", kind: "questions", source: "", split: "", category: "", text: "",
  min_length: "", max_length: "", page: 0, id: "", question: ""};
const state = {...EMPTY};
let latestRefresh = 0;

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
  const present = children.flat(Infinity).filter((child) => child !== null && child !== undefined);
  node.replaceChildren(...present.map((child) => child instanceof Node ? child : String(child)));
  return node;
}

async function fetchJson(path, parameters = {}) {
  const present = Object.entries(parameters).filter(([, value]) => value !== "" && value !== null);
  const response = await fetch(`/api/${path}?${new URLSearchParams(present)}`);
  const body = await response.json();
  if (!response.ok) throw new Error(body.error ?? response.statusText);
  return body;
}

function saveState() {
  const present = Object.entries(state).filter(([, value]) => value !== "" && value !== 0);
  history.replaceState(null, "", `#${new URLSearchParams(present)}`);
}

function loadState() {
  Object.assign(state, EMPTY, {version: versions[0]});
  for (const [name, value] of new URLSearchParams(location.hash.slice(1))) {
    if (name in state) state[name] = name === "page" ? Number(value) : value;
  }
}

async function refresh() {
  saveState();
  for (const name of ["text", "min_length", "max_length"]) $(name).value = state[name];
  for (const tab of $("kinds").children) tab.setAttribute("aria-selected", tab.dataset.kind === state.kind);
  const special = state.kind === "changes" || state.kind === "episodes";
  $("filters").hidden = special;
  document.querySelector("main").classList.toggle("unfiltered", special);
  $("pages").hidden = special;
  const refreshNumber = ++latestRefresh;
  $("count").textContent = "…";
  try {
    const list = {changes: listChanges, episodes: listEpisodes}[state.kind] ?? listRows;
    await list(() => refreshNumber === latestRefresh);
  } catch (error) {
    if (refreshNumber === latestRefresh) {
      fill($("rows"));
      fill($("count"), make("span", {class: "error"}, error.message));
    }
  }
}

// `isCurrent` is false where the state has changed since: a late response is not shown.
async function listRows(isCurrent) {
  const {version, kind, source, split, category, text, min_length, max_length, page} = state;
  const result = await fetchJson("rows", {version, kind, source, split, category, text, min_length, max_length, page});
  if (!isCurrent()) return;
  $("count").textContent = `${formatCount(result.total)} ${result.total === 1 ? kind.slice(0, -1) : kind}`;
  fill($("rows"), result.rows.map((row) => listItem(row.id, row.text, `${row.source} · ${row.split}${row.category ? ` · ${row.category}` : ""} · ${row.length}`, () => select(row))));
  $("page").textContent = `${page + 1} of ${Math.max(Math.ceil(result.total / PAGE_SIZE), 1)}`;
  $("previous").disabled = page === 0;
  $("next").disabled = (page + 1) * PAGE_SIZE >= result.total;
  showFacets(result.facets);
  showLengths(result.lengths);
}

function listItem(id, text, facts, onSelect) {
  return make("li", {}, make("button", {type: "button", "data-id": id, "aria-current": id === state.id || id === state.question, on: onSelect},
    make("span", {class: "text"}, text), make("span", {class: "facts"}, facts)));
}

function showFacets(counts) {
  fill($("facets"), Object.entries(FACETS).filter(([name]) => Object.keys(counts[name]).length).map(([name, label]) =>
    make("div", {}, make("h2", {}, label), Object.entries(counts[name]).map(([value, count]) =>
      make("button", {type: "button", "aria-pressed": state[name] === value, on: () => narrow({[name]: state[name] === value ? "" : value})},
        make("span", {}, value), make("span", {class: "quiet"}, formatCount(count)))))));
}

function showLengths(bins) {
  const fullest = Math.max(...bins.map(([, , count]) => count), 1);
  const unit = state.kind === "chunks" || state.kind === "instances" ? "tokens" : "characters";
  $("lengths").querySelector("figcaption").textContent = bins.length ? `Length, ${bins[0][0]} to ${bins.at(-1)[1]} ${unit}` : "Length";
  fill($("lengths").querySelector(".bars"), bins.map(([low, high, count]) => {
    const bar = make("span", {title: `${low} to ${high}: ${count}`});
    bar.style.height = `${100 * count / fullest}%`;
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

async function select(row) {
  for (const button of $("rows").querySelectorAll("button")) button.setAttribute("aria-current", button.dataset.id === row.id);
  state.id = state.kind === "rejects" ? row.id : row.instance;
  state.question = state.kind === "questions" ? row.id : "";
  saveState();
  await open(state.kind === "chunks" ? row.id : "");
}

async function showReject() {
  const rejects = await fetchJson("reject", {version: state.version, id: state.id});
  show(make("h2", {}, state.id), rejects.map((one) => [make("h3", {}, one.category),
    make("p", {class: "facts"}, [one.source, one.split, one.instance].filter(Boolean).join(" · ")), make("p", {class: "verbatim"}, one.text)]));
}

// The instance in a version; in the compared version, its counterpart where its id changed.
async function fetchInstance(version) {
  try {
    return await fetchJson("instance", {version, id: state.id, other_version: version === state.version ? "" : state.version});
  } catch (error) {
    return {error: error.message};
  }
}

// Gold answers joined; a label's number is followed by its name.
function formatAnswers(question, instance) {
  const names = new Map(question.origin === "label" ? instance.labels.map((label) => [String(label.number), label.name]) : []);
  return question.answers.map((answer) => names.has(answer) ? `${answer} (${names.get(answer)})` : answer).join("; ");
}

async function showInstance(chunk) {
  const versions = [state.version, ...(state.other_version ? [state.other_version] : [])];
  const instances = await Promise.all(versions.map(fetchInstance));
  const selected = instances.flatMap((one) => one.questions ?? []).find((one) => one.id === state.question);
  const columns = instances.map((instance, index) => instanceColumn(instance, versions[index], selected));
  show(columns.length > 1 ? make("div", {class: "side-by-side"}, columns) : columns[0]);
  const target = chunk ? $("shown").querySelector(`[data-chunk="${CSS.escape(chunk)}"]`) : $("shown").querySelector("mark");
  target?.scrollIntoView({block: chunk ? "start" : "center"});
}

// In the compared version, a question of another id is found by its text.
function instanceColumn(instance, version, selected) {
  if (instance.error) return make("div", {}, make("h2", {}, version), make("p", {class: "error"}, instance.error));
  const question = instance.questions.find((one) => one.id === state.question) ?? instance.questions.find((one) => one.text === selected?.text);
  const evidence = new Set(question?.evidence ?? []);
  return make("div", {},
    make("h2", {}, state.other_version ? `${version}: ${instance.id}` : instance.id),
    make("p", {class: "facts"}, `${instance.split}, number ${instance.index} of ${instance.document} · ${formatCount(instance.tokens)} tokens · ${instance.chunks.length} chunks`),
    question ? make("p", {class: "selected-question"}, question.text, make("span", {class: "facts"}, ` → ${formatAnswers(question, instance)}`)) : null,
    make("h3", {}, `${instance.questions.length} questions`),
    make("div", {}, instance.questions.map((one) => make("button", {type: "button", class: "question", "aria-pressed": one === question, "data-question": one.id, on: () => toggleQuestion(one.id)},
      one.text, make("span", {class: "facts"}, ` → ${formatAnswers(one, instance)} · ${describeQuestion(one)}`)))),
    make("h3", {}, "Chunks"),
    instance.chunks.map((one) => make("section", {class: "chunk", "data-chunk": one.id},
      make("p", {class: "facts"}, `${one.index} · ${one.time} · ${one.tokens} tokens · ${one.id}`),
      make("p", {}, markEvidence(one, evidence)), goldMemory(instance.facts, one.index))));
}

// Where a question is from, when it is asked, and what would be wrong.
function describeQuestion(question) {
  return [question.kind ?? question.origin, question.after_chunk === null ? "" : `asked after chunk ${question.after_chunk}`,
    question.wrong_answers.length ? `wrong: ${question.wrong_answers.join("; ")}` : ""].filter(Boolean).join(" · ");
}

// The facts that hold after a chunk, and those that do not any more, struck through.
function goldMemory(facts, index) {
  const told = facts.filter((one) => one.chunk <= index);
  const hasEnded = (one) => one.end_chunk !== null && one.end_chunk <= index;
  const holding = told.filter((one) => !hasEnded(one));
  if (!told.length) return null;
  return make("details", {class: "gold-memory"}, make("summary", {}, `Gold memory after chunk ${index}: ${holding.length} facts hold, ${told.length - holding.length} do not`),
    make("ul", {}, told.map((one) => make("li", {}, `${one.subject}, ${one.attribute}: `, hasEnded(one) ? make("del", {}, one.value) : one.value, hasEnded(one) ? ` (${one.end} in chunk ${one.end_chunk})` : ""))));
}

async function toggleQuestion(id) {
  state.question = state.question === id ? "" : id;
  saveState();
  await showInstance("");
}

// Offsets count code points, as in Python, while JavaScript's strings count UTF-16 units.
function markEvidence(chunk, evidence) {
  const characters = Array.from(chunk.text);
  const parts = [];
  let done = 0;
  for (const segment of chunk.segments.filter((one) => evidence.has(one.id))) {
    parts.push(characters.slice(done, segment.start).join(""), make("mark", {}, characters.slice(segment.start, segment.end).join("")));
    done = segment.end;
  }
  return [...parts, characters.slice(done).join("")];
}

async function listChanges(isCurrent) {
  if (!state.other_version) {
    $("count").textContent = "Select a version under “Compare with” to see the differences.";
    fill($("rows"));
    return;
  }
  const changes = await fetchJson("changes", {old: state.other_version, new: state.version});
  if (!isCurrent()) return;
  $("count").textContent = changes.length ? `Sources that differ from ${state.other_version}: ${changes.length}` : `No row differs from ${state.other_version}`;
  fill($("rows"), changes.map((one) => listItem(one.source, one.source, one.reasons.join(" · "), () => showChanges(one))));
}

function showChanges(sourceDiff) {
  const names = ["old", "new", "added", "removed", "changed", "moved"];
  show(make("h2", {}, sourceDiff.source), make("ul", {}, sourceDiff.reasons.map((reason) => make("li", {}, reason))),
    make("table", {}, make("thead", {}, make("tr", {}, make("th", {}, "rows"), names.map((name) => make("th", {}, name)))),
      make("tbody", {}, Object.entries(sourceDiff.rows).map(([kind, counts]) => make("tr", {}, make("th", {}, kind), names.map((name) => make("td", {}, formatCount(counts[name]))))))),
    sourceDiff.samples.map((sample) => make("div", {}, make("h3", {}, `${sample.kind.slice(0, -1)} ${sample.change_type}`),
      make("p", {class: "facts"}, sample.new_id ?? sample.old_id),
      make("p", {class: "verbatim"}, sample.parts.map((part) => part.mark === "same" ? part.text : make(part.mark === "old" ? "del" : "ins", {}, part.text))))));
}

async function listEpisodes(isCurrent) {
  const episodes = await fetchJson("episodes");
  if (!isCurrent()) return;
  $("count").textContent = `Episodes of the last evaluation: ${formatCount(episodes.length)}`;
  fill($("rows"), episodes.map((one) => listItem(one.id, one.id, `${one.source} · r1 ${formatReward(one.correctness)} · total ${formatReward(one.total)}`, () => { state.id = one.id; open(); })));
}

const formatReward = (value) => value === null ? "–" : value.toFixed(3);

async function showEpisode(id) {
  state.id = id;
  saveState();
  const episode = await fetchJson("episode", {id});
  show(make("h2", {}, episode.id),
    make("p", {class: "facts"}, `r1 ${formatReward(episode.correctness)} · r2 ${formatReward(episode.tool_format)} · r3 ${formatReward(episode.compression)} · r4 ${formatReward(episode.content)} · total ${formatReward(episode.total)} · memory ${episode.memory_tokens} tokens`),
    episode.steps.map((step, number) => make("details", {open: number === 0, class: "step"}, make("summary", {}, `Step ${number}: ${step.calls.length} calls, memory ${step.memory_tokens} tokens`),
      make("h3", {}, "Chunk"), make("p", {class: "verbatim"}, step.chunk),
      make("h3", {}, "Tool calls"), make("ol", {}, step.calls.map((call) => make("li", {class: call.applied ? "" : "failed"}, `${call.tool ?? "?"} ${call.memory_type ?? ""} ${call.content ?? ""}`, make("span", {class: "facts"}, ` ${call.note}`)))))),
    make("details", {}, make("summary", {}, `Memory at the end: ${episode.entries.length} entries`), make("p", {class: "verbatim"}, episode.core), make("ol", {}, episode.entries.map((entry) => make("li", {}, `[${entry.id}] ${entry.text}`)))),
    make("h3", {}, "Questions"),
    episode.answers.map((answer) => make("details", {class: "answer"}, make("summary", {}, `${formatReward(answer.score)} ${answer.text}`),
      make("p", {}, `answer: ${answer.answer}`), make("p", {}, `gold: ${answer.gold_answers.join("; ")}`), make("p", {class: "facts"}, `retrieved: ${answer.retrieved.join(", ")}`))));
}

// Scrolled to its beginning: on a narrow screen it is below the list.
function show(...children) {
  fill($("shown"), children);
  $("shown").scrollTop = 0;
  $("shown").scrollIntoView();
}

function moveFocus(by) {
  const buttons = [...$("rows").querySelectorAll("button")];
  const index = buttons.indexOf(document.activeElement);
  buttons[Math.min(Math.max(index + by, 0), buttons.length - 1)]?.focus();
}

document.addEventListener("keydown", (event) => {
  const typing = event.target instanceof HTMLInputElement || event.target instanceof HTMLSelectElement;
  if (event.key === "Escape") {
    ($("rows").querySelector('[aria-current="true"]') ?? $("rows").querySelector("button"))?.focus();
  } else if (!typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
    if (event.key === "/") $("text").focus();
    else if (event.key === "j") moveFocus(1);
    else if (event.key === "k") moveFocus(-1);
    else return;
    event.preventDefault();
  }
});

let timer = 0;
for (const name of ["text", "min_length", "max_length"]) {
  $(name).addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => narrow({[name]: $(name).value}), 200);
  });
}
for (const name of ["version", "other_version"]) $(name).addEventListener("change", () => narrow({[name]: $(name).value}));
$("clear").addEventListener("click", () => narrow({source: "", split: "", category: "", text: "", min_length: "", max_length: ""}));
$("previous").addEventListener("click", () => { state.page -= 1; refresh(); });
$("next").addEventListener("click", () => { state.page += 1; refresh(); });

const {versions} = await fetchJson("versions");
loadState();
fill($("version"), versions.map((name) => make("option", {value: name, selected: name === state.version}, name)));
fill($("other_version"), make("option", {value: ""}, "none"), versions.map((name) => make("option", {value: name, selected: name === state.other_version}, name)));
fill($("kinds"), Object.entries(LABELS).map(([kind, label]) => make("button", {type: "button", role: "tab", "data-kind": kind, on: () => narrow({kind, source: "", split: "", category: "", min_length: "", max_length: ""})}, label)));
window.addEventListener("hashchange", async () => {
  loadState();
  $("version").value = state.version;
  $("other_version").value = state.other_version;
  await refresh();
  await open();
});
await refresh();
await open();

// Shows the row that the address names.
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
