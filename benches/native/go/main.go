// Go's clientv3 under the benchmark: takes works from the driver as JSON lines, like
// benches/worker.py, and does what benches/works.py describes.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/client/v3/concurrency"
	"go.uber.org/zap"
)

const (
	fillPrefix  = "/bench/fill/"
	filledKeys  = 10_000
	watchPrefix = "/bench/watch/"
	keyPrefix   = "/bench/key/"
	lockName    = "bench-lock"
)

type work struct {
	Kind       string `json:"kind"`
	Operations int    `json:"operations"`
	Tasks      int    `json:"tasks"`
	ValueSize  int    `json:"value_size"`
	Keys       int    `json:"keys"`
}

type request struct {
	Open  string `json:"open"`
	Run   *work  `json:"run"`
	Close bool   `json:"close"`
}

type sample struct {
	Wall     float64 `json:"wall"`
	CPU      float64 `json:"cpu"`
	Resident int64   `json:"resident"`
}

type stopwatch struct {
	wall time.Time
	cpu  float64
}

func cpuSeconds() float64 {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err)
	}
	seconds := func(t syscall.Timeval) float64 { return float64(t.Sec) + float64(t.Usec)/1e6 }
	return seconds(usage.Utime) + seconds(usage.Stime)
}

func start() stopwatch {
	return stopwatch{wall: time.Now(), cpu: cpuSeconds()}
}

func (s stopwatch) read() sample {
	wall, cpu := time.Since(s.wall).Seconds(), cpuSeconds()-s.cpu
	var size, resident int64
	text, err := os.ReadFile("/proc/self/statm")
	if err == nil {
		_, _ = fmt.Sscan(string(text), &size, &resident)
	}
	return sample{wall, cpu, resident * int64(os.Getpagesize())}
}

type worker struct {
	endpoint string
	client   *clientv3.Client
	session  *concurrency.Session
	unwatch  context.CancelFunc
	out      *json.Encoder
	watch    stopwatch
}

func connect(endpoint string) (*clientv3.Client, error) {
	return clientv3.New(clientv3.Config{
		Endpoints:          []string{endpoint},
		DialTimeout:        5 * time.Second,
		Logger:             zap.NewNop(),
		MaxCallSendMsgSize: 64 << 20,
		MaxCallRecvMsgSize: 64 << 20,
	})
}

func (w *worker) begin() {
	_ = w.out.Encode(map[string]bool{"begun": true})
	w.watch = start()
}

// spread runs the operations in the work's tasks, each with an equal share.
func spread(job work, body func(task, count int) error) error {
	if job.Tasks == 1 {
		return body(0, job.Operations)
	}
	share, rest := job.Operations/job.Tasks, job.Operations%job.Tasks
	failures := make(chan error, job.Tasks)
	var tasks sync.WaitGroup
	for task := range job.Tasks {
		count := share
		if task < rest {
			count++
		}
		tasks.Go(func() {
			if err := body(task, count); err != nil {
				failures <- err
			}
		})
	}
	tasks.Wait()
	close(failures)
	return <-failures
}

func keys(job work, prefix string) []string {
	count := job.Keys
	if count == 0 {
		count = job.Tasks
	}
	found := make([]string, count)
	for index := range found {
		found[index] = fmt.Sprintf("%s%06d", prefix, index)
	}
	return found
}

func (w *worker) run(ctx context.Context, job work) error {
	if job.Kind == "connect_alone" {
		w.begin()
		return w.connectEach(ctx, job)
	}
	if w.client == nil {
		client, err := connect(w.endpoint)
		if err != nil {
			return err
		}
		w.client = client
	}
	value := strings.Repeat("v", job.ValueSize)
	switch job.Kind {
	case "get":
		w.begin()
		return spread(job, w.getter(ctx, keys(job, keyPrefix), value))
	case "put":
		w.begin()
		return spread(job, w.putter(ctx, keys(job, keyPrefix), value))
	case "txn":
		w.begin()
		return spread(job, w.committer(ctx, keys(job, keyPrefix), value))
	case "get_prefix":
		w.begin()
		return w.getPrefix(ctx, job)
	case "watch", "receive":
		return w.receive(ctx, job, value)
	case "receive_each":
		return w.receiveEach(ctx, job)
	case "session_lock":
		return w.sessionLock(ctx, job)
	case "connect":
		w.begin()
		return w.connectEach(ctx, job)
	case "lock":
		w.begin()
		return w.lockEach(ctx, job)
	}
	return fmt.Errorf("unknown work %s", job.Kind)
}

func (w *worker) getter(ctx context.Context, keys []string, value string) func(int, int) error {
	return func(task, count int) error {
		for range count {
			answer, err := w.client.Get(ctx, keys[task])
			if err != nil {
				return err
			}
			if len(answer.Kvs) != 1 || string(answer.Kvs[0].Value) != value {
				return fmt.Errorf("get returned %d keys", len(answer.Kvs))
			}
		}
		return nil
	}
}

func (w *worker) putter(ctx context.Context, keys []string, value string) func(int, int) error {
	return func(task, count int) error {
		for range count {
			if _, err := w.client.Put(ctx, keys[task], value); err != nil {
				return err
			}
		}
		return nil
	}
}

func (w *worker) committer(ctx context.Context, keys []string, value string) func(int, int) error {
	return func(task, count int) error {
		for range count {
			put := clientv3.OpPut(keys[task], value)
			if _, err := w.client.Txn(ctx).Then(put).Commit(); err != nil {
				return err
			}
		}
		return nil
	}
}

func (w *worker) getPrefix(ctx context.Context, job work) error {
	for range job.Operations / filledKeys {
		answer, err := w.client.Get(ctx, fillPrefix, clientv3.WithPrefix())
		if err != nil {
			return err
		}
		if len(answer.Kvs) != filledKeys {
			return fmt.Errorf("get_prefix returned %d of %d keys", len(answer.Kvs), filledKeys)
		}
	}
	return nil
}

func (w *worker) receive(ctx context.Context, job work, value string) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	events := w.client.Watch(ctx, watchPrefix, clientv3.WithPrefix(), clientv3.WithCreatedNotify())
	if answer := <-events; answer.Err() != nil || !answer.Created {
		return fmt.Errorf("the watch was not made: %w", answer.Err())
	}
	w.begin()
	written := make(chan error, 1)
	if job.Kind == "watch" {
		go func() { written <- spread(job, w.putter(ctx, keys(job, watchPrefix), value)) }()
	} else {
		written <- nil
	}
	for count := 0; count < job.Operations; {
		answer, open := <-events
		if !open || answer.Err() != nil {
			return fmt.Errorf("the watch ended: %w", answer.Err())
		}
		count += len(answer.Events)
	}
	return <-written
}

func (w *worker) receiveEach(ctx context.Context, job work) error {
	// They are closed before the next work, as that is not to be measured.
	if w.unwatch != nil {
		w.unwatch()
	}
	ctx, w.unwatch = context.WithCancel(ctx)
	names := keys(job, fmt.Sprintf("%s%06d/", watchPrefix, job.Keys))
	watches := make([]clientv3.WatchChan, len(names))
	for index, name := range names {
		watches[index] = w.client.Watch(ctx, name, clientv3.WithCreatedNotify())
		if answer := <-watches[index]; answer.Err() != nil || !answer.Created {
			return fmt.Errorf("the watch was not made: %w", answer.Err())
		}
	}
	job.Tasks = len(names)
	read := make(chan error, 1)
	go func() {
		read <- spread(job, func(task, count int) error {
			for received := 0; received < count; {
				answer, open := <-watches[task]
				if !open || answer.Err() != nil {
					return fmt.Errorf("the watch ended: %w", answer.Err())
				}
				received += len(answer.Events)
			}
			return nil
		})
	}()
	w.begin()
	return <-read
}

func (w *worker) sessionLock(ctx context.Context, job work) error {
	if w.session == nil {
		session, err := concurrency.NewSession(w.client)
		if err != nil {
			return err
		}
		w.session = session
	}
	w.begin()
	for range job.Operations {
		mutex := concurrency.NewMutex(w.session, lockName)
		if err := mutex.Lock(ctx); err != nil {
			return err
		}
		if err := mutex.Unlock(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (w *worker) connectEach(ctx context.Context, job work) error {
	for range job.Operations {
		client, err := connect(w.endpoint)
		if err != nil {
			return err
		}
		if _, err := client.Get(ctx, keyPrefix+"000000"); err != nil {
			return err
		}
		if err := client.Close(); err != nil {
			return err
		}
	}
	return nil
}

func (w *worker) lockEach(ctx context.Context, job work) error {
	for range job.Operations {
		client, err := connect(w.endpoint)
		if err != nil {
			return err
		}
		session, err := concurrency.NewSession(client)
		if err != nil {
			return err
		}
		mutex := concurrency.NewMutex(session, lockName)
		if err := mutex.Lock(ctx); err != nil {
			return err
		}
		if err := mutex.Unlock(ctx); err != nil {
			return err
		}
		if err := session.Close(); err != nil {
			return err
		}
		if err := client.Close(); err != nil {
			return err
		}
	}
	return nil
}

func (w *worker) obey(asked request) (sample, error) {
	runtime.GC()
	w.watch = start()
	var err error
	switch {
	case asked.Run != nil:
		err = w.run(context.Background(), *asked.Run)
	case asked.Open != "":
		w.endpoint = asked.Open
	case w.client != nil:
		err = w.client.Close()
	}
	return w.watch.read(), err
}

func main() {
	w := &worker{out: json.NewEncoder(os.Stdout)}
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var asked request
		if err := json.Unmarshal(lines.Bytes(), &asked); err != nil {
			panic(err)
		}
		measured, err := w.obey(asked)
		if err != nil {
			_ = w.out.Encode(map[string]string{"failed": err.Error()})
		} else {
			_ = w.out.Encode(map[string]sample{"done": measured})
		}
		if asked.Close {
			return
		}
	}
}
