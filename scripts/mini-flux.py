#!/usr/bin/env python3
"""Writes results/published/mini-flux.md out of the runs beside it, which scripts/study-mini-flux.sh trains.

usage: mini-flux.py >results/published/mini-flux.md
"""

from pages import NOBODY_KNOWS, Study, interval, rows_of, say

KEYS = {"KA": "ka.fomo24", "POOL": "pool.clbench", "ZS": "zs.fomo24", "GM": "gm.fomo24", "FGT": "forgetting.chaudhry18", "LA": "la.mer19"}


def trajectory(run):
    """Accuracy on the tasks that were trained so far, after each experience."""
    manifest, rows = run["manifest"], {}
    for row in rows_of(run["records"]):
        if row["at"] == "end" and row["split"] == "test":
            rows.setdefault(int(row["experience"]), {})[int(row["task"])] = float(row["accuracy"])
    seen, path = set(), []
    for experience, trained in enumerate(manifest["stream"]["trained"], 1):
        seen.update(trained)
        path.append(sum(rows[experience][task] for task in seen) / len(seen))
    return path


def main():
    study = Study("mini-flux", KEYS, "KA")
    runs, words, judged = study.runs, study.words, study.judged
    row = lambda method, *settings: " ".join(["mini-flux", method, *sorted(settings)])
    columns = ("--columns", "seeds,scores,steps,operations")
    two, three = ("--only", "method=finetune,replay"), ("--mix", "streams")

    base = row("finetune")
    start = runs[base][0]["manifest"]
    print("# FoMo-in-Flux in small\n")
    print("Made by `scripts/study-mini-flux.sh`: `streams/mini-flux.toml`, eight real collections at 32 × 32 in colour. Half of")
    print("the concepts of six of them are the pretraining pool (10 epochs, once for each seed), the others come task by")
    print("task; two further collections are held out. Network: 3×3 convolutions of 8, 16 and 32 channels and 64 units, one")
    print("shared head, AdamW at 0.002; batches of 60 with shares 0.33 pool, 0.34 new, 0.33 buffer of all that came before;")
    print("for each task every method may spend the 18 GFLOP of about 60 steps of fine-tuning; ten tasks in random order unless")
    print("said otherwise. Five seeds. KA: accuracy at the end on the stream's")
    print("concepts; POOL: on the pool's test split; ZS: on held-out collections by nearest class mean of features; GM: √(KA·ZS);")
    print("all means over datasets. `clbench verify results/published/mini-flux.md` makes the tables again from the runs beside")
    print("this page and trains these again; `scripts/mini-flux.py` computes the claims from the same runs.\n")
    print("## Methods\n")
    study.table("--without", "setting=stream.*,mixture.*", *columns)
    print(f"\nThe way from the pretrained start: [KA against ZS](mini-flux/mini-flux-{start['stream']['hash'][:8]}-zero-shot.svg).")
    print("\n## Mixtures: shares of pool, new and buffer, with fine-tuning\n")
    print("The row without settings has 0.33 / 0.34 / 0.33.\n")
    study.table("--only", "method=finetune", "--without", "setting=stream.*", *columns)
    print("\n## Orderings\n")
    print("Rows without `stream.order` are in random order.\n")
    study.table(*two, "--without", "setting=mixture.*,stream.tasks=*", *three, *columns)
    print("\n## Numbers of tasks, at the same budget in all\n")
    print("The first table has them with ten tasks.\n")
    study.table(*two, "--only", "setting=budget.flops=*", *three, *columns)
    orders = ["random", "difficulty", "frequency", "similarity", "time", "dataset"]
    of = lambda m, o: row(m, *([] if o == "random" else [f"stream.order={o}"]))
    long = lambda m, t: row(m, *{5: ["stream.tasks=5", "budget.flops=3.6e10"], 10: [], 20: ["stream.tasks=20", "budget.flops=0.9e10"]}[t])
    print("\n## What FoMo-in-Flux claims, and what comes out here\n")
    print("Claims as third parties report them; differences are paired over seeds, in points.\n")
    ema, ewc, lora = row("ema"), row("ewc"), row("lora")
    alone, half_buffer, half_pool = (row("finetune", f"mixture.pretraining={p}", f"mixture.update={u}", f"mixture.buffer={b}") for p, u, b in (("0.0", "1.0", "0.0"), ("0.0", "0.5", "0.5"), ("0.5", "0.5", "0.0")))
    if ema in runs:
        say("averaging weights gives the better trade-off of accumulation and retention", judged(ema, base, "GM", 1),
            words(ema, base, "GM", ("EMA", "fine-tuning")) + "; " + words(ema, base, "POOL", ("it", "fine-tuning")) + "; " + words(ema, base, "KA", ("it", "fine-tuning")))
    if lora in runs:
        say("adapters learn less", judged(lora, base, "KA", -1), words(lora, base, "KA", ("LoRA", "fine-tuning")))
        say("adapters keep more of what is held out", judged(lora, base, "ZS", 1), words(lora, base, "ZS", ("LoRA", "fine-tuning")))
    if ewc in runs:
        say("EWC limits plasticity", judged(ewc, base, "KA", -1), words(ewc, base, "KA", ("EWC", "fine-tuning")) + "; " + words(ewc, base, "LA", ("it", "fine-tuning")))
    if alone in runs and half_buffer in runs:
        say("replaying the stream's own data is crucial", judged(half_buffer, alone, "KA", 1), words(half_buffer, alone, "KA", ("half a batch of buffer", "new data alone")))
    if half_pool in runs and half_buffer in runs:
        say("the buffer matters more to accumulation than pretraining data", judged(half_buffer, half_pool, "KA", 1), words(half_buffer, half_pool, "KA", ("half a batch of buffer", "half a batch of pool")) + "; " + words(half_buffer, half_pool, "POOL", ("it", "half a batch of pool")))
    there = [o for o in orders if of("finetune", o) in runs]
    if len(there) > 2:
        for method in ("finetune", "replay"):
            settings = [of(method, o) for o in orders if of(method, o) in runs]
            paths = [[trajectory(run) for run in runs[s].values()] for s in settings]
            ends = [interval([100 * path[-1] for path in of_order])[0] for of_order in paths]
            means = [interval([100 * sum(path) / len(path) for path in of_order])[0] for of_order in paths]
            far, near = max(means) - min(means), max(ends) - min(ends)
            known = all(study.knows(row) for row in settings)
            verdict = NOBODY_KNOWS if not known else "holds here" if far > 1.5 * near else "the contrary here" if near > 1.5 * far else "undecided here"
            say(f"the ordering changes the way more than its end ({method})", verdict,
                f"over {len(settings)} orderings the mean accuracy along the way differs by {far:.1f} points and that at the end by {near:.1f}")
    for method in ("finetune", "replay"):
        if long(method, 5) in runs and long(method, 20) in runs:
            say(f"more and smaller tasks hurt ({method})", judged(long(method, 20), long(method, 5), "KA", -1),
                words(long(method, 20), long(method, 5), "KA", ("a stream of 20 tasks", "one of 5")))
    print("\nNot tried here: schedules over tasks, larger models, the choice of the pool, merging as its own methods (`merging.md`).")


main()
