/** Texts to try, by the names of their buttons. */
export const samples = {
  "a review": `We stayed for three nights in May and paid $420, which was 15% less than the hotel next door. The room was bright and lovely, and breakfast was excellent. Sadly the lift was broken, and the noise from the bar was terrible until 2am on Saturday.

Write to front-desk@hotel.example before you book; they answer within an hour. #citybreak 😀`,
  "an incident": `At 14:05 on 12 March 2025 the first of four replicas stopped answering. Error rates rose from 0.2% to 31% within 90 seconds. The cause was an expired certificate on https://auth.internal.example/token, which nobody had been told about.

Traffic was moved to the second region at 14:19. No data was lost. We are sorry for the trouble this caused, and happy that the new runbook worked so well.`,
  "a contract": `Notwithstanding any provision to the contrary contained herein, the licensee shall indemnify the licensor against all liabilities, expenditures and consequential damages arising out of unauthorised modification, sublicensing or redistribution of the deliverables. Such indemnification shall not exceed $1,000,000 in the aggregate within any period of twelve months commencing on 1 January 2026.`,
};
