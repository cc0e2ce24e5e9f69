import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.bookkeeper.client.api.BKException;
import org.apache.bookkeeper.client.api.BookKeeper;
import org.apache.bookkeeper.client.api.WriteHandle;

/**
 * Writes one ledger after the other until SIGTERM comes, or enough is acknowledged, or the time is
 * over.
 */
final class Writer {
  private static final Acknowledged END = new Acknowledged(-1, -1, "");

  /** Longer than the 5 s after which the client by itself gives up on a bookie (addEntryTimeoutSec). */
  private static final int STALLED_SECONDS = 8;

  private final Ledgers ledgers;
  private final int size;
  private final int seed;
  private final int perLedger;
  private final int perSecond;
  private final int inFlight;
  private final int enough;
  private final long end;

  /** One for each entry that was sent and is neither recorded nor failed. */
  private final Semaphore slots;
  private final BlockingQueue<Acknowledged> acknowledged = new LinkedBlockingQueue<>();
  private long next = System.nanoTime();
  private volatile boolean stopped;
  private volatile long recorded;
  private volatile int created;
  private volatile int failures;

  Writer(Ledgers ledgers) {
    this.ledgers = ledgers;
    size = ledgers.number("size", 1024);
    seed = ledgers.number("seed", 1);
    perLedger = ledgers.number("per-ledger", 1000);
    perSecond = ledgers.number("per-second", 500);
    inFlight = ledgers.number("in-flight", 64);
    enough = ledgers.number("entries", Integer.MAX_VALUE);
    end = System.nanoTime() + 1_000_000_000L * ledgers.number("seconds", Integer.MAX_VALUE);
    slots = new Semaphore(inFlight);
    if (size < 16) {
      throw new IllegalArgumentException("--size " + size + ": the place of an entry takes 16 bytes");
    }
  }

  int run() throws Exception {
    FileChannel file = FileChannel.open(ledgers.record(), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    append(file, seed + " " + size + "\n");
    Thread writer = Thread.currentThread();
    Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(writer)));
    Thread recorder = new Thread(() -> record(file));
    recorder.start();
    BookKeeper client = ledgers.connect();
    while (!done()) {
      writeLedger(client);
    }
    acknowledged.put(END);
    recorder.join();
    ledgers.answer(progress());
    return 0;
  }

  /** Runs when SIGTERM has come; the process ends when the writer has ended in good order. */
  private void stop(Thread writer) {
    stopped = true;
    try {
      writer.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private boolean done() {
    return stopped || recorded >= enough || System.nanoTime() - end >= 0;
  }

  /** Fills a ledger and closes it. One that fails is given up: its writer may not go on. */
  @SuppressWarnings("try") // close may be interrupted, which ends the program as it should
  private void writeLedger(BookKeeper client) throws InterruptedException {
    AtomicReference<Throwable> failure = new AtomicReference<>();
    try (WriteHandle ledger = create(client)) {
      created++;
      for (int entry = 0; entry < perLedger && failure.get() == null && !done(); entry++) {
        append(ledger, entry, failure);
      }
      if (acquire(inFlight, failure)) { // every answer is there
        slots.release(inFlight);
      }
    } catch (BKException | CompletionException e) {
      failure.compareAndSet(null, e);
    }
    slots.acquire(inFlight); // closing a ledger answers what was not answered yet
    slots.release(inFlight);
    if (failure.get() != null) {
      failures++;
      System.err.println("ledgers: going on with another ledger: " + failure.get());
      Thread.sleep(100); // bookies that are down do not come back sooner for being asked more often
    }
  }

  private WriteHandle create(BookKeeper client) {
    int ensemble = ledgers.number("ensemble", 3);
    int writeQuorum = ledgers.number("write-quorum", ensemble);
    return client.newCreateLedgerOp()
        .withEnsembleSize(ensemble)
        .withWriteQuorumSize(writeQuorum)
        .withAckQuorumSize(ledgers.number("ack-quorum", writeQuorum))
        .withDigestType(ledgers.digest())
        .withPassword(ledgers.password())
        .execute()
        .join();
  }

  private void append(WriteHandle ledger, long entry, AtomicReference<Throwable> failure) throws InterruptedException {
    if (!acquire(1, failure)) {
      return;
    }
    pace();
    byte[] content = Acknowledged.content(seed, size, ledger.getId(), entry);
    ledger.appendAsync(content).whenComplete((id, thrown) -> {
      if (thrown == null && id != entry) {
        thrown = new IllegalStateException("entry " + entry + " was acknowledged as " + id);
      }
      if (thrown == null) {
        acknowledged.add(Acknowledged.of(ledger.getId(), entry, content));
        return;
      }
      failure.compareAndSet(null, thrown);
      slots.release();
    });
  }

  /** Keeps to the rate; what was missed in a pause is not made up for. */
  private void pace() throws InterruptedException {
    long now = System.nanoTime();
    next = Math.max(next, now);
    TimeUnit.NANOSECONDS.sleep(next - now);
    next += 1_000_000_000L / perSecond;
  }

  /**
   * Waits for slots, but not for ever: where a bookie fails twice in a row BookKeeper's client may
   * keep answers to itself until the next entry is sent, which here would wait for these answers.
   * Source: https://github.com/apache/bookkeeper/issues/4261
   */
  private boolean acquire(int count, AtomicReference<Throwable> failure) throws InterruptedException {
    if (slots.tryAcquire(count, STALLED_SECONDS, TimeUnit.SECONDS)) {
      return true;
    }
    failure.compareAndSet(null, new TimeoutException("no answer for " + STALLED_SECONDS + " s"));
    return false;
  }

  /** Writes the record, all that has come in at once. An entry counts when its line is on the disk. */
  private void record(FileChannel file) {
    List<Acknowledged> batch = new ArrayList<>();
    long told = 0;
    try {
      while (true) {
        batch.clear();
        batch.add(acknowledged.take());
        if (batch.contains(END)) {
          return; // every answer was recorded before the last ledger was closed
        }
        acknowledged.drainTo(batch, inFlight - 1);
        StringBuilder lines = new StringBuilder();
        batch.forEach(entry -> lines.append(entry.line()));
        append(file, lines.toString());
        recorded += batch.size();
        slots.release(batch.size());
        if (System.nanoTime() - told > 100_000_000L) {
          ledgers.answer(progress());
          told = System.nanoTime();
        }
      }
    } catch (IOException | InterruptedException e) {
      System.err.println("ledgers: recording: " + e);
      Runtime.getRuntime().halt(Ledgers.UNKNOWN);
    }
  }

  private static void append(FileChannel file, String lines) throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap(lines.getBytes(StandardCharsets.UTF_8));
    while (bytes.hasRemaining()) {
      file.write(bytes);
    }
    file.force(false);
  }

  private Map<String, Object> progress() {
    Map<String, Object> facts = new LinkedHashMap<>();
    facts.put("acknowledged", recorded);
    facts.put("ledgers", created);
    facts.put("failures", failures);
    return facts;
  }
}
