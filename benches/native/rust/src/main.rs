//! The plain `etcd-client` crate under the benchmark: takes works from the driver as JSON lines,
//! like `benches/worker.py`, and does what `benches/works.py` describes.

use std::error::Error;
use std::io::Write;
use std::time::Instant;

use etcd_client::{Client, GetOptions, LockOptions, Txn, TxnOp, WatchOptions};
use serde::{Deserialize, Serialize};

type Outcome<T = ()> = Result<T, Box<dyn Error + Send + Sync>>;

const FILL_PREFIX: &str = "/bench/fill/";
const FILLED_KEYS: usize = 10_000;
const WATCH_PREFIX: &str = "/bench/watch/";
const KEY_PREFIX: &str = "/bench/key/";
const LOCK_NAME: &str = "bench-lock";
const LOCK_TTL: i64 = 60;

#[derive(Clone, Deserialize)]
struct Work {
    kind: String,
    operations: usize,
    tasks: usize,
    value_size: usize,
}

#[derive(Deserialize)]
struct Request {
    open: Option<String>,
    run: Option<Work>,
    #[serde(default)]
    close: bool,
}

#[derive(Serialize)]
struct Sample {
    wall: f64,
    cpu: f64,
    resident: u64,
}

struct Stopwatch {
    wall: Instant,
    cpu: f64,
}

impl Stopwatch {
    fn start() -> Self {
        Self { wall: Instant::now(), cpu: cpu_seconds() }
    }

    fn read(&self) -> Sample {
        let (wall, cpu) = (self.wall.elapsed().as_secs_f64(), cpu_seconds() - self.cpu);
        let pages = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
        let resident = pages.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok());
        Sample { wall, cpu, resident: resident.unwrap_or_default() * 4096 }
    }
}

fn cpu_seconds() -> f64 {
    // SAFETY: the struct is plain data, which the call fills.
    let usage = unsafe {
        let mut usage = std::mem::zeroed::<libc::rusage>();
        libc::getrusage(libc::RUSAGE_SELF, &raw mut usage);
        usage
    };
    let seconds = |time: libc::timeval| time.tv_sec as f64 + time.tv_usec as f64 / 1e6;
    seconds(usage.ru_utime) + seconds(usage.ru_stime)
}

fn say(answer: &impl Serialize) -> Outcome {
    let mut out = std::io::stdout().lock();
    serde_json::to_writer(&mut out, answer)?;
    out.write_all(b"\n")?;
    Ok(out.flush()?)
}

/// Runs the operations in the work's tasks, each with an equal share.
async fn spread<F>(work: &Work, body: impl Fn(usize, usize) -> F) -> Outcome
where
    F: Future<Output = Outcome> + Send + 'static,
{
    let (share, rest) = (work.operations / work.tasks, work.operations % work.tasks);
    if work.tasks == 1 {
        return body(0, share).await;
    }
    let tasks = (0..work.tasks).map(|task| body(task, share + usize::from(task < rest)));
    let tasks: Vec<_> = tasks.map(tokio::spawn).collect();
    for task in tasks {
        task.await??;
    }
    Ok(())
}

fn key(prefix: &str, task: usize) -> String {
    format!("{prefix}{task:06}")
}

async fn put(work: &Work, client: &Client, prefix: &'static str, value: &str) -> Outcome {
    spread(work, |task, count| {
        let (mut client, key, value) = (client.clone(), key(prefix, task), value.to_owned());
        async move {
            for _ in 0..count {
                client.put(key.as_str(), value.as_str(), None).await?;
            }
            Ok(())
        }
    })
    .await
}

async fn get(work: &Work, client: &Client, value: &str) -> Outcome {
    spread(work, |task, count| {
        let (mut client, key, value) = (client.clone(), key(KEY_PREFIX, task), value.to_owned());
        async move {
            for _ in 0..count {
                let answer = client.get(key.as_str(), None).await?;
                if answer.kvs().first().is_none_or(|kv| kv.value() != value.as_bytes()) {
                    return Err("get returned another value".into());
                }
            }
            Ok(())
        }
    })
    .await
}

async fn commit(work: &Work, client: &Client, value: &str) -> Outcome {
    spread(work, |task, count| {
        let (mut client, key, value) = (client.clone(), key(KEY_PREFIX, task), value.to_owned());
        async move {
            for _ in 0..count {
                let put = TxnOp::put(key.as_str(), value.as_str(), None);
                client.txn(Txn::new().and_then([put])).await?;
            }
            Ok(())
        }
    })
    .await
}

async fn get_prefix(work: &Work, client: &mut Client) -> Outcome {
    for _ in 0..work.operations / FILLED_KEYS {
        let answer = client.get(FILL_PREFIX, Some(GetOptions::new().with_prefix())).await?;
        if answer.kvs().len() != FILLED_KEYS {
            return Err(format!("get_prefix returned {} keys", answer.kvs().len()).into());
        }
    }
    Ok(())
}

async fn connect_each(work: &Work, endpoint: &str) -> Outcome {
    for _ in 0..work.operations {
        let mut client = Client::connect([endpoint], None).await?;
        client.get(key(KEY_PREFIX, 0), None).await?;
    }
    Ok(())
}

async fn lock_each(work: &Work, endpoint: &str) -> Outcome {
    for _ in 0..work.operations {
        let mut client = Client::connect([endpoint], None).await?;
        let lease = client.lease_grant(LOCK_TTL, None).await?.id();
        let held = client.lock(LOCK_NAME, Some(LockOptions::new().with_lease(lease))).await?;
        client.unlock(held.key()).await?;
        client.lease_revoke(lease).await?;
    }
    Ok(())
}

struct Worker {
    endpoint: String,
    client: Option<Client>,
    stopwatch: Stopwatch,
}

impl Worker {
    fn begin(&mut self) -> Outcome {
        say(&serde_json::json!({"begun": true}))?;
        self.stopwatch = Stopwatch::start();
        Ok(())
    }

    async fn run(&mut self, work: &Work) -> Outcome {
        if work.kind == "connect_alone" {
            self.begin()?;
            return connect_each(work, &self.endpoint).await;
        }
        let mut client = match &self.client {
            Some(client) => client.clone(),
            None => Client::connect([self.endpoint.as_str()], None).await?,
        };
        self.client = Some(client.clone());
        let value = "v".repeat(work.value_size);
        if work.kind == "watch" || work.kind == "receive" {
            return self.receive(work, &mut client, &value).await;
        }
        self.begin()?;
        match work.kind.as_str() {
            "get" => get(work, &client, &value).await,
            "put" => put(work, &client, KEY_PREFIX, &value).await,
            "txn" => commit(work, &client, &value).await,
            "get_prefix" => get_prefix(work, &mut client).await,
            "connect" => connect_each(work, &self.endpoint).await,
            "lock" => lock_each(work, &self.endpoint).await,
            kind => Err(format!("unknown work {kind}").into()),
        }
    }

    async fn receive(&mut self, work: &Work, client: &mut Client, value: &str) -> Outcome {
        let options = WatchOptions::new().with_prefix();
        let mut watch = client.watch(WATCH_PREFIX, Some(options)).await?;
        self.begin()?;
        let writing = async {
            match work.kind.as_str() {
                "watch" => put(work, client, WATCH_PREFIX, value).await,
                _ => Ok(()),
            }
        };
        let reading = async {
            let mut count = 0;
            while count < work.operations {
                let answer = watch.message().await?.ok_or("the watch ended")?;
                count += answer.events().len();
            }
            Ok(())
        };
        tokio::try_join!(writing, reading).map(drop)
    }

    async fn obey(&mut self, request: Request) -> Outcome<Sample> {
        self.stopwatch = Stopwatch::start();
        if let Some(work) = &request.run {
            self.run(work).await?;
        } else if let Some(endpoint) = request.open {
            self.endpoint = endpoint;
        } else {
            self.client = None;
        }
        Ok(self.stopwatch.read())
    }
}

#[tokio::main]
async fn main() -> Outcome {
    let mut worker =
        Worker { endpoint: String::new(), client: None, stopwatch: Stopwatch::start() };
    for line in std::io::stdin().lines() {
        let request: Request = serde_json::from_str(&line?)?;
        let close = request.close;
        match worker.obey(request).await {
            Ok(sample) => say(&serde_json::json!({"done": sample}))?,
            Err(error) => say(&serde_json::json!({"failed": error.to_string()}))?,
        }
        if close {
            break;
        }
    }
    Ok(())
}
