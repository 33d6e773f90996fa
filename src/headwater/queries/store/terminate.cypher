// name: store/terminate(question)
// End the transaction of a question that nobody waits for any longer. (SQLite has no server: its engine interrupts the statement itself.)
// param question: str   the name that its transaction carries in its metadata
// returns: transaction str
// cost: the transactions that run
// browser: :param question => '8f4b1c1e-0000-4000-8000-000000000001'
SHOW TRANSACTIONS YIELD transactionId AS transaction, metaData WHERE metaData.question = $question
TERMINATE TRANSACTIONS transaction YIELD message
RETURN transaction;
