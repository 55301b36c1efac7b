/** Texts to try, by the names of their buttons. */
export const samples: Readonly<Record<string, string>> = {
  "a review": `We stayed for three nights in May and paid $420, which was 15% less than the hotel next door. The room was bright and lovely, and breakfast was excellent. Sadly the lift was broken, and the noise from the bar was terrible until 2am on Saturday.

The staff were friendly and helpful from the first minute. When we lost a bag on 4 May they called three taxi companies for us, found it within 40 minutes, and would not hear of a tip. I have never been so grateful to a stranger.

The pool is another story. It was cold, it was crowded, and on two of the three mornings it was closed without a word. A sign promised "crystal clear water"; what we saw was green. The manager offered us $30 for the trouble, which was kind but hardly the point.

The walk to the old town takes 12 minutes. Go early: by 10:30 the square is full. We had a wonderful lunch for $18 each at a place with six tables and no menu. The soup was perfect, the fish was fresh, and the owner sat down with us to tell how her grandfather had built the oven in 1931.

Would we come back? Yes, happily, but not on a weekend, and not to a room above the bar. Ask for the second floor. Bring earplugs, bring patience for the lift, and bring an appetite.

Write to front-desk@hotel.example before you book; they answer within an hour. #citybreak 😀`,
  "an incident": `At 14:05 on 12 March 2025 the first of four replicas stopped answering. Error rates rose from 0.2% to 31% within 90 seconds. The cause was an expired certificate on https://auth.internal.example/token, which nobody had been told about.

The on-call engineer was paged at 14:07 and suspected the network, which was wrong. Ten minutes were lost on it. A second engineer joined at 14:12, looked at the dates, and found the certificate at once.

Traffic was moved to the second region at 14:19. No data was lost. 1,204 requests failed, of 3.1 million on that day. The worst part was the silence: for 14 minutes our status page was green while customers saw errors, and that was a bad failure of ours.

What went well: the new runbook worked, the failover took 40 seconds, and the team stayed calm and kind. What did not: certificates were renewed by hand, the alarm for them went to an empty mailbox, and the status page trusted the health check of the one component that was fine.

From 1 April 2025 certificates renew by themselves, 30 days early. The alarm rings for a person. We are sorry for the trouble this caused, and happy that the next one will be shorter.`,
  "a contract": `Notwithstanding any provision to the contrary contained herein, the licensee shall indemnify the licensor against all liabilities, expenditures and consequential damages arising out of unauthorised modification, sublicensing or redistribution of the deliverables. Such indemnification shall not exceed $1,000,000 in the aggregate within any period of twelve months commencing on 1 January 2026.

The licensor warrants that the deliverables shall conform in all material respects to the specifications set out in the schedule for a period of 90 days from acceptance. The foregoing warranty is exclusive and in lieu of all other warranties, whether express, implied or statutory, including any warranty of merchantability or fitness for a particular purpose.

Either party may terminate this agreement upon 30 days' written notice in the event of a material breach that remains uncured at the expiration of such period. Termination shall not prejudice any rights or remedies accrued prior to its effective date, and the obligations of confidentiality shall survive for a further 5 years.`,
};
