//! What makes no sense together is refused before the first batch, and the message says why.

use burn::tensor::Device;
use clbench::{
    batch::Batch,
    catalogue::{Need, Range, Settings, Taken},
    config::Shelf,
    method::{Carrier, Contribution, Fit, Make, Method, Plain, carrier, contribution},
    network::{
        pass::{Pass, Weights},
        predictor::Predictor,
    },
    primitives::draws::Draws,
};

use crate::support::{self, refusal, setup};

/// A carrier that wants to be told the task and is an average already.
struct Proud(Plain);

clbench::settings! {
    struct Config {}
}

impl Settings for Config {}

impl Carrier for Proud {
    fn init(&self, draws: &Draws, device: &Device) -> Weights {
        self.0.init(draws, device)
    }
    fn loss(&self, pass: &mut Pass, batch: &Batch) -> Fit {
        self.0.loss(pass, batch)
    }
    fn predictor(&self, weights: &Weights) -> Box<dyn Predictor> {
        self.0.predictor(weights)
    }
    fn needs(&self) -> Vec<Need> {
        vec![Need::Task]
    }
    fn takes(&self) -> Vec<Taken> {
        vec![Need::Deployment.taken("is an average already")]
    }
}

fn shelf() -> Shelf {
    let make = Make::Carrier(|table, net| carrier(table, net, |Config {}, net| Ok(Proud(Plain(net)))));
    support::shelf().methods([Method::new("proud", make)])
}

const TOLD: &str = "stream.kind=task-incremental stream.tasks=3 stream.classes_per_task=2 stream.partial=true";

/// Settings, and what is said of them.
const SENSELESS: &[(&str, &str)] = &[
    ("method=finetune+joint", "`finetune` and `joint` both say what is trained; a stack has one carrier"),
    ("method=ewc+ewc", "`ewc` stands twice in method=ewc+ewc"),
    (
        "method=lora+ewc lora.per=task",
        "`ewc` does not go with `lora`: it needs the same parameters from one experience to the next, and `lora` \
             replaces some at each task; leave one of them out, or set lora.per=stream",
    ),
    ("method=ewc+lora lora.per=task", "or set lora.per=stream"),
    ("method=ewc+lora lora.end=fold", "or set lora.end=keep"),
    ("method=ewc+lora lora.per=task lora.end=fold", "or set lora.per=stream and lora.end=keep"),
    ("method=ewc+olora", "replaces some at each task; leave one of them out"),
    (
        "method=freeze+lora",
        "`lora` does not go with `freeze`: it needs a matrix that is trained, and `freeze` stands before it and \
             leaves none; write method=lora+freeze",
    ),
    (
        "method=ewc+per-preference",
        "`ewc` does not go with `per-preference`: it needs the logits of one network, and `per-preference` lets \
             several networks answer at once; leave one of them out, or set ewc.fisher=empirical",
    ),
    (
        "method=ibcl+replay replay.keep=herding",
        "`replay` does not go with `ibcl`: it needs the features that answers come from, and `ibcl` answers by \
             networks that are made for each question; leave one of them out, or set replay.keep=reservoir",
    ),
    (
        "method=ibcl mixture.update=0.5 mixture.buffer=0.5 buffer.keep=herding buffer.capacity=8",
        "[buffer] does not go with `ibcl`: it needs the features that answers come from, and `ibcl` answers by \
             networks that are made for each question; choose what asks for no features, such as buffer.keep=reservoir",
    ),
    (
        "method=bbb text.width=16 text.tokens.length=20 text.tokens.width=16 text.tokens.depth=1 \
             text.tokens.heads=2 net.dropout=0",
        "`bbb` does not go with [text]: it says itself what is trained",
    ),
    (
        "mixture.update=0.5 mixture.buffer=0.5 stream.environment=sec",
        "[mixture] does not go with stream.environment: both say what comes back; leave [mixture] or \
             stream.environment out",
    ),
    ("method=", "unknown method ``"),
    ("method=ewc ewc.strenght=1", "unknown key `strenght`; did you mean `strength`? there are "),
    ("method=ewc ewc.strength=-1", "ewc.strength = -1 is not at least 0"),
    ("method=ewc ewc.fisher=exact", "unknown value `exact`"),
    ("method=finetune ewc.strength=1", "ewc.strength does nothing: `ewc` is not in method=finetune"),
    ("method=proud", "`proud` needs the task's identity, in training and in evaluation; set head.train and head.test"),
];

#[test]
fn senseless_stacks_are_refused() {
    let all = clbench_methods::catalogue().iter().map(|method| method.name).collect::<Vec<_>>().join(", ");
    let unknown = format!("unknown method `lroa`; did you mean `lora`? there are {all}, proud");
    for (settings, message) in SENSELESS.iter().chain(&[("method=lroa", &unknown[..])]) {
        let said = refusal(&shelf(), settings);
        assert!(said.contains(message), "{settings}: {said}");
    }
    let said = refusal(&shelf(), &format!("{TOLD} method=proud+ema"));
    let words = "`ema` does not go with `proud`: it needs to say which weights are deployed, and `proud` is an average \
                 already; leave one of them out";
    assert!(said.ends_with(words), "{said}");
    // What is refused above is refused for that reason alone.
    for settings in ["method=lora+ewc", "method=ewc+lora", "method=joint", "method=ewc+replay+ema"] {
        setup(settings);
    }
    support::try_setup(&shelf(), &format!("{TOLD} method=proud+ewc")).unwrap();
}

#[test]
fn ambiguous_heads_are_refused() {
    let said = refusal(&shelf(), "stream.kind=permuted head.kind=multi");
    assert!(said.contains("tasks share classes") && said.contains("head.train"), "{said}");
    setup("stream.kind=permuted head.kind=multi head.train=\"task\" head.test=\"task\"");
}

/// A linear network has no body, and so nothing to adapt: seen by `clbench check`, before the first step.
#[test]
fn nothing_to_adapt_is_refused_before_the_first_batch() {
    let said = refusal(&shelf(), "net.widths=[] net.dropout=0 method=lora");
    assert!(
        said.contains("`lora` needs a matrix or a kernel in the body; choose a network with hidden layers"),
        "{said}"
    );
}

static NEEDS: [Need; 20] = Need::ALL;

clbench::settings! {
    /// Needs, or takes, what its setting says, as its place among all needs; nothing without.
    struct Choosy {
        /// A need.
        want: Option<usize> = None, Range::Whole(0, 19);
        /// What it takes.
        takes: Option<usize> = None, Range::Whole(0, 19);
    }
}

impl Settings for Choosy {}

impl Contribution for Choosy {
    fn needs(&self) -> Vec<Need> {
        self.want.map(|at| NEEDS[at]).into_iter().collect()
    }
    fn takes(&self) -> Vec<Taken> {
        self.takes.map(|at| NEEDS[at].taken("takes it").unless(&["takes=none"])).into_iter().collect()
    }
}

/// Settings without what is needed, and settings with it; nothing of what only another part can take.
fn without_and_with(need: Need) -> Option<(String, String)> {
    let linear = "net.widths=[] net.dropout=0";
    let texts = "net.dropout=0 text.width=16 text.tokens.length=20 text.tokens.width=16 text.tokens.depth=1 \
                 text.tokens.heads=2";
    let vit = "net.body=vit net.patch=4 net.width=16 net.depth=1 net.heads=2";
    let (without, with) = match need {
        Need::Task => ("", TOLD),
        Need::Matrices | Need::Biases => (linear, ""),
        Need::Attention => ("", vit),
        Need::Norms => ("", "net.batch_norm=true"),
        Need::OwnLoss | Need::Logits => (texts, ""),
        Need::Stateless => ("net.batch_norm=true", ""),
        Need::OneHead => ("head.kind=multi", ""),
        Need::Preferences => ("method=finetune", "method=ibcl"),
        _ => return None,
    };
    Some((without.into(), with.into()))
}

/// Everything that ships, `always` with a need of its entry, and `choosy` and `taker`, which say theirs when they are
/// made.
fn choosy(at: usize) -> Shelf {
    let make = Make::Contribution(|table| contribution(table, |choosy: Choosy| choosy));
    let settings = Choosy::SETTINGS;
    let always = Method { needs: &NEEDS[at..=at], ..Method::new("always", make) };
    let named = |name| Method { settings, ..Method::new(name, make) };
    support::shelf().methods([always, named("choosy"), named("taker")])
}

/// What to write where `method` is one of several.
fn beside(settings: &str, method: &str) -> String {
    match settings.split_once("method=") {
        Some((rest, carrier)) => format!("{rest} method={carrier}+{method}"),
        None => format!("{settings} method={method}"),
    }
}

#[test]
fn every_need_of_stream_and_network_is_checked_when_a_run_is_resolved() {
    for (at, need) in NEEDS.iter().enumerate() {
        let Some((without, with)) = without_and_with(*need) else {
            assert_eq!(need.remedy(), None, "{need:?}");
            continue;
        };
        let shelf = choosy(at);
        for (name, method) in [("always", "always".into()), ("choosy", format!("choosy choosy.want={at}"))] {
            let said = refusal(&shelf, &beside(&without, &method));
            let words = match need {
                Need::OwnLoss | Need::Logits => {
                    format!("`{name}` does not go with [text]: it needs {}, and [text] ", need.what())
                }
                _ => format!("`{name}` needs {}; {}", need.what(), need.remedy().unwrap()),
            };
            assert!(said.contains(&words), "{need:?}: {said}");
            support::try_setup(&shelf, &beside(&with, &method)).unwrap();
        }
        // It is the need that is refused, and nothing else of these settings.
        support::try_setup(&shelf, &beside(&without, "choosy")).unwrap();
    }
}

/// Both parts, the reason and the remedy are named, whatever is taken, in either order, and from oneself nothing is.
#[test]
fn what_one_part_takes_another_cannot_have() {
    for (at, need) in NEEDS.iter().enumerate() {
        let (_, with) = without_and_with(*need).unwrap_or_default();
        let shelf = choosy(at);
        let takes = format!("taker.takes={at}");
        let both = |stack: &str| beside(&with, &format!("{stack} {takes} choosy.want={at}"));
        let said = refusal(&shelf, &both("taker+choosy"));
        let words = format!("`choosy` does not go with `taker`: it needs {}, and `taker` takes it; ", need.what());
        assert!(said.contains(&words), "{need:?}: {said}");
        let ordered = *need == Need::TrainedMatrices;
        let remedy =
            if ordered { "write method=choosy+taker" } else { "leave one of them out, or set taker.takes=none" };
        assert!(said.ends_with(remedy), "{need:?}: {said}");
        // What is taken from what follows is there for what came before.
        assert_eq!(support::try_setup(&shelf, &both("choosy+taker")).is_ok(), ordered, "{need:?}");
        support::try_setup(&shelf, &beside(&with, &format!("taker {takes} taker.want={at}"))).unwrap();
    }
}

#[test]
fn contradictions_are_refused() {
    for (settings, message) in [
        ("train.epochs=1 train.steps=3", "train.epochs and train.steps contradict each other"),
        ("optim.nesterov=true", "optim.nesterov does nothing without optim.momentum"),
        ("schedule.floor=0.1", "schedule.floor does nothing with schedule.shape"),
        ("budget.flops=0", "budget.flops = 0 is not at least 1"),
        ("budget.flops=10 train.epochs=-1", "epochs"),
        ("stream.tasks=6 stream.classes_per_task=2", "is more than the 10 classes that there are"),
        ("optim.rate=0", "optim.rate = 0 is not above 0"),
        ("optim.rule=adam", "unknown optimizer `adam`; did you mean `adamw`?"),
        ("stream.dataset=digit", "unknown dataset `digit`; did you mean `digits`?"),
        ("stream.kind=permutd", "unknown kind of stream `permutd`; did you mean `permuted`?"),
    ] {
        let said = refusal(&shelf(), settings);
        assert!(said.contains(message), "{settings}: {said}");
    }
}
