import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionException;
import org.apache.bookkeeper.client.BKException;
import org.apache.bookkeeper.client.api.BookKeeper;
import org.apache.bookkeeper.client.api.LedgerEntries;
import org.apache.bookkeeper.client.api.ReadHandle;

/** Reads every entry of a record from BookKeeper and compares it with what was written. */
final class Verifier {
  /** As many entries are read at once. */
  private static final int BATCH = 100;
  /** As many problems are named. */
  private static final int FIRST = 10;

  private final Ledgers ledgers;
  private final Acknowledged.Read record;

  /**
   * Opening with recovery is what a reader does whose writer has died: it settles where an open
   * ledger ends, and an acknowledged entry behind that end is lost to every reader. So it is part
   * of the proof. It also fences a writer that still lives; "no" looks without touching anything.
   */
  private final boolean recovery;

  private final Map<String, Integer> counts = new LinkedHashMap<>();
  private final List<Map<String, Object>> first = new ArrayList<>();

  Verifier(Ledgers ledgers) throws Exception {
    this.ledgers = ledgers;
    record = Acknowledged.Read.from(ledgers.record());
    recovery = !ledgers.text("recovery", "yes").equals("no");
    for (String kind : List.of("missing", "different", "unreadable")) {
      counts.put(kind, 0);
    }
  }

  int run() throws Exception {
    if (record.entries() == 0) {
      throw new IllegalArgumentException("the record holds no acknowledged entry, which proves nothing");
    }
    BookKeeper client = ledgers.connect();
    record.ledgers().forEach((id, entries) -> verify(client, id, entries));
    Map<String, Object> facts = new LinkedHashMap<>();
    facts.put("entries", record.entries());
    facts.put("ledgers", record.ledgers().size());
    facts.putAll(counts);
    facts.put("first", first);
    ledgers.answer(facts);
    if (counts.get("missing") + counts.get("different") > 0) {
      return Ledgers.LOST;
    }
    return counts.get("unreadable") > 0 ? Ledgers.UNKNOWN : 0;
  }

  private void verify(BookKeeper client, long id, List<Acknowledged> entries) {
    ReadHandle ledger;
    try {
      ledger = client.newOpenLedgerOp()
          .withLedgerId(id)
          .withDigestType(ledgers.digest())
          .withPassword(ledgers.password())
          .withRecovery(recovery)
          .execute()
          .join();
    } catch (CompletionException e) {
      entries.forEach(entry -> problem(entry, e.getCause()));
      return;
    }
    for (int i = 0; i < entries.size(); i += BATCH) {
      verify(ledger, entries.subList(i, Math.min(i + BATCH, entries.size())));
    }
  }

  /** Reads entries at once; where that fails, each by itself, to see which it is. */
  private void verify(ReadHandle ledger, List<Acknowledged> entries) {
    try (LedgerEntries read = read(ledger, entries.get(0).entry(), entries.get(entries.size() - 1).entry())) {
      entries.forEach(entry -> compare(entry, read.getEntry(entry.entry()).getEntryBytes()));
    } catch (CompletionException e) {
      if (entries.size() == 1) {
        problem(entries.get(0), e.getCause());
      } else {
        entries.forEach(entry -> verify(ledger, List.of(entry)));
      }
    }
  }

  private LedgerEntries read(ReadHandle ledger, long from, long to) {
    // Bookies may still hold what lies behind the end of a recovered ledger; readers stop there.
    if (recovery && to > ledger.getLastAddConfirmed()) {
      throw new CompletionException(new BKException.BKNoSuchEntryException());
    }
    return ledger.readUnconfirmedAsync(from, to).join();
  }

  private void compare(Acknowledged entry, byte[] content) {
    if (!Arrays.equals(content, record.content(entry))) {
      problem(entry, new BKException.BKDigestMatchException());
    }
  }

  private void problem(Acknowledged entry, Throwable thrown) {
    String kind = kind(thrown);
    counts.merge(kind, 1, Integer::sum);
    if (first.size() < FIRST) {
      first.add(Map.of("ledger", entry.ledger(), "entry", entry.entry(), "problem", kind));
      System.err.println("ledgers: ledger " + entry.ledger() + " entry " + entry.entry() + " is " + kind + ": " + thrown);
    }
  }

  /**
   * The client answers NoSuchEntry only where each of the bookies that should have the entry
   * answered so: any other answer replaces it (org.apache.bookkeeper.client.PendingReadOp).
   */
  private static String kind(Throwable thrown) {
    switch (BKException.getExceptionCode(thrown)) {
      case BKException.Code.NoSuchEntryException:
      case BKException.Code.NoSuchLedgerExistsException:
      case BKException.Code.NoSuchLedgerExistsOnMetadataServerException:
        return "missing";
      case BKException.Code.DigestMatchException:
        return "different";
      default:
        return "unreadable";
    }
  }
}
