"""Sentences for the built-in policy: what agents say that must be found, and friendly speech to leave alone."""

# What trainers quote, in sentences as agents say them.
SAID = """\
say.you_are_wrong: no you're wrong the bill was sent on monday
say.you_are_wrong: I am telling you that you are mistaken about the date
say.you_are_wrong: well that's not true
say.you_are_wrong: that is not what happened sir
say.you_are_wrong: I think you misunderstood the letter
say.you_are_wrong: you've got it all wrong
say.argue: no you didn't send it
say.argue: as I already told you the technician comes on friday
say.argue: like I said it was cancelled
say.argue: would you let me finish please
say.argue: I've already explained that twice
say.calm_down: sir please calm down and listen to me
say.calm_down: just relax okay
say.calm_down: okay take it easy
say.calm_down: there is no need to shout at me
say.calm_down: please lower your voice
say.blame: well it's your fault
say.blame: you should have called us before the deadline
say.blame: in that case you should have read the contract
say.blame: you didn't read the letter
say.blame: you must have pressed the wrong button
say.cannot: this is all I can do for you today
say.cannot: there's nothing I can do about it
say.cannot: I can't help you with this
say.cannot: sorry that's impossible
say.defend: believe me we would never do that to a customer
say.defend: our system does not make mistakes
say.defend: nobody else complains about it
say.defend: no one else has complained
say.push_off: well that's not my department so I cannot look at it
say.push_off: that's really not my job
say.push_off: you will have to call the other office
say.push_off: you should talk to someone else
say.excuse: we are short-staffed today
say.excuse: he's new
say.excuse: sorry the computer is slow today
say.excuse: we have been really busy this week
say.downplay: come on it's not a big deal
say.downplay: it's only a few dollars
say.downplay: everyone has that problem
say.downplay: well at least you still have your old phone
say.promise: it will arrive tomorrow I promise
say.promise: I guarantee it
say.promise: you will have it definitely by tomorrow
say.promise: a hundred percent
say.promise: just trust me
say.know_it_all: actually if you look at page two
say.know_it_all: you have to understand how this works
say.know_it_all: well that's our policy
say.know_it_all: everybody knows that
say.joke: I was just kidding
say.joke: I'm joking
say.joke: oh lighten up
say.label: ma'am ma'am
say.label: listen lady
say.label: people like you always call late
say.label: okay sweetheart
say.label: I know your type
say.ignore: okay moving on
say.ignore: yeah whatever
say.ignore: that's not important now
say.ignore: next question
say.promise: this will never happen again
do.apologise: oh I'm so sorry about that
do.apologise: I apologise for the delay
do.empathise: I completely understand
do.empathise: that must be very frustrating
do.ask: what can I do to make this right
do.ask: how would you like us to proceed
do.options: what I can do is send a new one
do.options: you could either wait or take another
do.own: let me take care of this for you
do.own: let's fix it together
do.own: I'll look into it right now
do.hand_over: let me ask my manager
do.hand_over: I would like to bring in a colleague
do.hand_over: let me get someone qualified to look at that
do.follow_up: I'll call you back tomorrow
do.follow_up: I'll check that it worked
do.follow_up: you will hear from me
do.boundary: I want to help and I need us to speak respectfully
do.thank: thank you for telling me
do.thank: is there anything we could do better
say.ignore: anyway let's go on
say.cannot: my hands are tied
say.calm_down: mister miller you need to calm down please
say.calm_down: you have to calm down
say.calm_down: I need you to calm down
say.calm_down: will you please calm down
say.argue: that is not what I said
say.blame: why didn't you just call us
say.defend: you're the only one who has this
say.defend: that's not our fault
say.push_off: you need to speak with someone else
say.label: what's your problem
""".splitlines()

# Words that are also said in the friendliest call: a hint and no more.
HINTED = """\
say.calm_down: relax
say.ignore: anyway I will do that
say.ignore: whatever
say.know_it_all: obviously the order is late
say.downplay: it's only twelve of them
say.blame: you should have light on the modem
say.argue: yes but the form is missing
""".splitlines()

CALM = """\
good morning thank you for calling how can I help you today
you can relax now the refund is on its way
you should have received an email from us by now
you should have it by friday at the latest
you should have access to the account again
at least two days before the delivery we send you a text
it's only available online at the moment
it's only fair that we pay for the postage
whatever works best for you is fine
whatever you decide I'll note it here
or whatever time suits you
anyway I'll send you the form right away
your type of account includes insurance
can you tell me your type of phone
the next question is about your address
moving on to the second item on your list
it doesn't matter which one you choose
let me finish booking this for you
let me speak to my manager about that
I'm talking to the warehouse now
you told me to calm down
I would never ask you to calm down
I'm not saying you are wrong
I'm not saying that it's your fault
it's not your fault at all
this is not your fault
you said that's not true and I want to understand
if that's not possible we will find another way
you shouldn't have to wait that long
you must have been worried
you must have had a terrible day
you must have waited a very long time
I can't promise that but I'll do my best
we can't guarantee a delivery before noon
so you don't have to call again
you won't have to talk to someone else
the battery is at one hundred percent
you will get one hundred percent of your money back
let the router cool down for ten minutes
once things calm down at the depot
that's our policy number on the top of the letter
is there anything you don't understand
people like you and me use this every day
thank you for your kind words
someone who cares about your case will call
actually if you like I can do it for you now
obviously this is not how we want it to be
everyone here wants to help you
no you don't need to send it again
I'm sorry I didn't catch that
nobody told you about the change and that was our mistake
did anyone tell you that it's your fault
who told you that's not my department
a colleague said there's nothing we can do and that was not right
I heard that you were told you have to call someone else
I don't think you're wrong
you're not wrong about that
you are right and I am wrong
please don't think that I don't care
I do care about this
we're never too busy for you
it's not that you misunderstood it was written badly
have you been told to calm down before
you are not mistaken
I understand you have a new system
the system is running fine again
she is new to our company as a customer
there is nothing more important than your safety
I don't know yet but I'll find out
let me check that for you
you have every right to be upset
you can take it easy now we've got this
that never happens to our customers normally
trust is important to us
he's a new customer
the truth is that we made a mistake
I'll just take a deep breath and look at this with you
it happens when the router restarts
for this type of contract the fee is five dollars
when is your next appointment
do you want me to raise that with the manager
I want to be sure I understand
if you forgot to sign it that's no problem
in case you forgot to send the form I can do it
without your help that would not be possible
it's my job to help you
this is my department so I can help
thank you for holding my name is anna how may I assist you
could I take your first name and the postcode please
I have found your account and I can see the last three payments
the reason for the higher charge is that the discount ended in june
I can put that discount back for the next six months if you like
that is not something we want any customer to go through
it looks like the address was not updated when you moved
what I would suggest is that we send a technician on tuesday
is there a number where the driver can reach you
you will need to restart the modem and wait for two minutes
do you see a green light on the front
no that's fine take your time
I'm going to put you on hold for a moment is that okay
I'm back thank you for waiting I have spoken to the team
it isn't clear from the notes so let me ask them
you're not the first person to run into this so we have a fix ready
the system shows that the parcel left the depot this morning
we are open from eight until six but on saturday only until noon
I do apologise the line is breaking up could you repeat that
if you'd like to speak to someone else I can arrange that
you don't have to do anything else on your side
you have to enter the code within ten minutes
you need to sign it on page two and send it back
you must have the original receipt to return it in the shop
everyone on the plan gets the same price
I know that this is the third time you call
there's one more thing we can do and that's a replacement
there is nothing else you need to do today
that's all I need from you thank you
that's all for today
the best thing we can do is to order a new part
I can't see the order yet could you tell me the number
we can't do that today but tomorrow morning works
this is not possible online but I can do it for you here
it's possible that the bank has not sent it yet
our policy is to refund within five days
the insurance policy covers it
he's new to the area so he could not find the house
our new system is faster
the computer is slow to start after an update so give it a minute
we've been busy preparing your replacement
it's our busiest week so delivery may take one day longer
it only takes a minute
it's only for security reasons that I ask
at least the data is safe
I'm glad that you called
you did the right thing by calling
you did everything right
you were right to call
you are right that was wrong of us
we got it wrong and I am sorry
I was mistaken it is the fourteenth
I misunderstood you let me try again
tell me if I got that wrong
I think we have the wrong number on file
you have reached the right department
this is my responsibility now
I'm not sure but I will find out
I would never share your data with anyone
we never share your details
our engineers do this every day
no one else can see your password
nobody will charge you for that
I promised you a call and here I am
as promised I checked it
can I trust that the address is correct
a hundred dollars will be credited
I am a hundred and ten percent behind you
of course definitely
that will definitely help
I'm sure we can find a solution
let me explain how the bill is made up
let me know if anything is unclear
does that make sense
as you can see on the bill the fee is listed there
as I mentioned the technician will call first
like I mentioned there is no fee
okay so the next step is to confirm your email
alright let's move on to the delivery date
we can move on when you are ready
never mind the old card it's blocked already
do you mind if I ask a few questions
it doesn't matter if you lost the box
no matter what happens we will replace it
I don't mind waiting
who takes care of the garden when you are away
I care about getting this right
what kind of phone do you have
what's the problem with the screen
what seems to be the problem
are you finished with the form or do you need more time
are you ready
I have to finish this form first
can you speak up a little I can hardly hear you
could you lower the volume of your speaker please
please keep your receipt
stop by the shop any time
relax the screws a little
settle the bill by friday
the dog needs to calm down before the vet comes
young people like you get a discount
people like the new app
sir could you hold the line
yes sir
yes ma'am of course
my dear mother had the same phone
that was a joke of a delivery time I agree
it's no joke to be without heating
it's a funny noise I hear on the line
you should know by friday
you should know within two days
everybody knows how annoying that is
I want you to understand what you sign
do you understand the second point
I don't understand the second point could you explain
it's not hard to change the filter I'll guide you
that happens when the cache is full
it happened to me as well and it was annoying
you made the payment on the third
you made a good choice
you forgot nothing it's all here
you didn't get the letter because we sent it late
you didn't do anything wrong
you did nothing wrong
you should not have been charged
you should have been told about this and I am sorry
you shouldn't have had to call twice
why didn't you get a reminder let me look
why did the bill go up let me explain
""".splitlines()
