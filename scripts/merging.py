#!/usr/bin/env python3
"""Writes results/published/merging.md out of the lines that scripts/study-merging.sh collects.

usage: merging.py LINES

Each line is a row's settings, a tabulator, and what `clbench run --json` says of one run. Standard library alone.
"""

import statistics
import sys

from seeds import Study, interval, say

KEYS = {"KA": "ka.fomo24", "ZS": "zs.fomo24", "GM": "gm.fomo24", "POOL": "pool.clbench", "FGT": "forgetting.chaudhry18", "LA": "la.mer19"}
POLICIES = ["all-all", "all-ft", "all-unrolled", "ft-all", "ft-unrolled", "unrolled-all", "unrolled-ft", "zs-unrolled"]
RULES = ["interpolation", "ties", "magmax"]
HEAD = """# Adapters and merging under one budget

Made by `scripts/study-merging.sh`: `streams/mini-flux.toml`, eight real collections at 32 × 32 in colour. Half of the
concepts of six of them are the pretraining pool (10 epochs, once for each seed), the others come in ten tasks in random
order; two further collections are held out. Network: 3×3 convolutions of 8, 16 and 32 channels and 64 units, one shared
head, AdamW at 0.002 for all; batches of 60 with shares 0.33 pool, 0.34 new, 0.33 buffer of all that came before. For each
task every method may spend 1.8e10 memory-adjusted operations: operations times the method's peak memory over
fine-tuning's, about 60 steps of fine-tuning, and take 1000 steps at most; rows with ¹ were bound by the latter. Five seeds, ± half of the 95 % interval (Student's t). KA: accuracy at the end on the
stream's concepts; ZS: on held-out collections by nearest class mean of features; GM: √(KA·ZS); POOL: on the pool's test
split; all means over datasets, in percent. MAF: peak memory over fine-tuning's.
"""


def main():
    study = Study(sys.argv[1], KEYS)
    time = lambda policy, rule: f"method=time-{policy} time-{policy}.rule={rule}"
    ema = lambda rule: "method=ema-merge" + ("" if rule == "interpolation" else f" ema-merge.rule={rule}")
    lora = lambda rank: f"method=lora lora.rank={rank}"

    def table(rows, first):
        print(f"| {first} | " + " | ".join(KEYS) + " | steps | MAF |")
        print("|---" * (len(KEYS) + 3) + "|")
        for name, row in rows:
            if row not in study:
                continue
            manifests = [run["manifest"] for run in study.runs[row].values()]
            steps = statistics.median(manifest["spent"]["steps"] for manifest in manifests)
            capped = "¹" if any(plan["bound_by"] == "steps" for manifest in manifests for plan in manifest["experiences"]) else ""
            memory = statistics.median(manifest["spent"]["peak_bytes"] / manifest["spent"]["reference_bytes"] for manifest in manifests)
            print(f"| {name} | " + " | ".join(study.cell(row, key) for key in KEYS) + f" | {steps:.0f}{capped} | {memory:.2f} |")

    print(HEAD)
    print("## Methods\n")
    plain = ["finetune", "joint", "ewc", "dora", "bitfit", "ema-merge", "zs-merge"]
    named = [(method, f"method={method}") for method in plain]
    named[3:3] = [(f"lora, r = {rank}", lora(rank)) for rank in (1, 4, 16, 64)]
    table(named, "method")
    links = [("methods", "methods"), ("adapters", "adapters")]
    for rule in RULES:
        links += [(f"{rule}, starting from a merge of all", f"from-all-{rule}"), (f"{rule}, starting from elsewhere", rule)]
    print("\nThe ways from the pretrained start, KA against ZS with intervals: " + "; ".join(f"[{name}](merging/{file}.svg)" for name, file in links) + ".")
    print("\nOn layers of 8 to 64 channels a rank of 16 or 64 is no low rank: such adapters are larger than what they stand beside, cost")
    print("more memory and more operations than fine-tuning, and get few steps for it.")
    print("\n## TIME's choices: start from – deploy, and the rule\n")
    both = [(f"{policy}, {rule}", time(policy, rule)) for policy in POLICIES for rule in RULES]
    table(both + [(f"unrolled-unrolled (ema-merge), {rule}", ema(rule)) for rule in RULES], "policy, rule")

    print("\n## Other adapters, merges and partial tuning\n")
    told = "head.train=task head.test=task"
    others = [(name, f"method={name}") for name in ("vera", "olora", "inflora", "lora+freeze", "freeze", "ft-merge", "wise-ft", "paint", "magmax")]
    others += [("lora, r = 8, one per task, kept", "method=lora lora.per=task"), ("the same, folded", "method=lora lora.per=task lora.end=fold")]
    others += [("finetune, GaLore in place of AdamW", "method=finetune optim.rule=galore")]
    others += [(f"{name}, with batch normalisation", f"method={name} net.batch_norm=true") for name in ("finetune", "norms")]
    others += [("finetune, told the task", f"method=finetune {told}"), ("lora, r = 8, routed by the task", f"method=lora lora.per=task lora.end=route {told}")]
    table(others, "method")

    print("\n## What is claimed, and what comes out here\n")
    print("Claims of FoMo-in-Flux and TIME as their readers report them; differences are paired over seeds, in points.\n")
    base, best = "method=finetune", "method=ema-merge"
    same = [row for _, row in others if not any(word in row for word in ("batch_norm", "galore", "head."))]
    rivals = [row for row in [row for _, row in named] + same if row in study and row not in (best, "method=joint")]
    rival = max(rivals, key=lambda row: statistics.mean(study.values(row, "GM")))
    say("merging gives the best trade-off of accumulation and retention (FoMo-in-Flux)", study.judged(best, rival, "GM", 1),
        study.words(best, rival, "GM", ("ema-merge", f"`{rival.removeprefix('method=')}`, the best other of the same network, optimizer and question,"))
        + "; " + study.words(best, base, "GM", ("it", "fine-tuning")) + "; " + study.words(best, base, "POOL", ("it", "fine-tuning")))
    for rank in (1, 4, 16, 64):
        say(f"adapters learn less (LoRA, r = {rank})", study.judged(lora(rank), base, "KA", -1), study.words(lora(rank), base, "KA", ("LoRA", "fine-tuning")))
        say(f"adapters retain more (LoRA, r = {rank})", study.judged(lora(rank), base, "ZS", 1),
            study.words(lora(rank), base, "ZS", ("LoRA", "fine-tuning")) + "; " + study.words(lora(rank), base, "POOL", ("it", "fine-tuning")))
    by_policy = [statistics.mean(statistics.mean(study.values(time(policy, rule), "GM")) for rule in RULES) for policy in POLICIES]
    by_rule = [statistics.mean(statistics.mean(study.values(time(policy, rule), "GM")) for policy in POLICIES) for rule in RULES]
    seeds = sorted(set.intersection(*(set(study.runs[time(p, r)]) for p in POLICIES for r in RULES)))
    grid = lambda seed: [[study.score(time(policy, rule), seed, "GM") for rule in RULES] for policy in POLICIES]

    def spreads(cells):
        across = [statistics.mean(row) for row in cells]
        down = [statistics.mean(column) for column in zip(*cells)]
        return statistics.pstdev(across) - statistics.pstdev(down)

    judge = lambda mean, half: "holds here" if mean > half else "the contrary here" if -mean > half else "undecided here"
    mean, half = interval([spreads(grid(seed)) for seed in seeds])
    say("the policy matters more than the rule (TIME)", judge(mean, half),
        f"means of policies lie between {min(by_policy):.1f} and {max(by_policy):.1f} GM, those of rules between {min(by_rule):.1f} and {max(by_rule):.1f}; "
        f"their standard deviation differs by {mean:.1f} ±{half:.1f}")
    # TIES is used with a fifth of each change; MagMax with scale 1 gives the same for a running merge and for one of all.
    distinct = [row for row in range(len(POLICIES)) if "unrolled" not in POLICIES[row]]
    without = [rule for rule in range(len(RULES)) if RULES[rule] != "ties"]
    few = lambda seed: [[grid(seed)[policy][rule] for rule in without] for policy in distinct]
    mean, half = interval([spreads(few(seed)) for seed in seeds])
    print(f"  That rests on ties, which at its usual density keeps a fifth of each change, and on cells that are equal by construction (magmax gives the")
    print(f"  same for a running merge as for one of all). Without ties, and with the policies that differ for both other rules: **{judge(mean, half)}**, by {mean:.1f} ±{half:.1f}.")
    means = lambda row: statistics.mean(study.values(row, "GM"))
    name, row = max(both, key=lambda pair: means(pair[1]))
    say("the running merge is best in both places (TIME)", study.judged(best, row, "GM", 1), study.words(best, row, "GM", ("ema-merge", f"the best other ({name})")))
    # One merge of all after the fact, trained one after another: TIME's offline merging.
    say("merging all in the end is worse than merging as one goes (TIME)", study.judged(best, time("ft-all", "interpolation"), "GM", 1),
        study.words(best, time("ft-all", "interpolation"), "GM", ("ema-merge", "ft-all")))
    ewc, tuned = (statistics.median(run["manifest"]["spent"]["steps"] for run in study.runs[row].values()) for row in ("method=ewc", base))
    say("EWC has but a few steps under such a budget (14 where fine-tuning has 1420, FoMo-in-Flux)", "refuted here" if ewc > 0.2 * tuned else "holds here",
        f"charged for what it does, its Fisher once per task, EWC takes {ewc:.0f} steps where fine-tuning takes {tuned:.0f}")
    print("\nNot tried here: larger models, where TIME finds that merging gains, other rates for adapters, other shares of the merge.")


main()
